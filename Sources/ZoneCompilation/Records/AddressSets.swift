import DNSAuthority
import IPAddressing
import ProviderRegistry

/// The sets of addresses that a service's hosts have, each once: hosts with the same addresses share octets, however many they are.
struct AddressSets {
    /// Providers with the same addresses count as one with all their weight. Without references: there is one for every provider.
    struct AddressSet {
        /// How many addresses there are of each family; nil while that is not known.
        let counts: Families<Int32?>
        /// The only address; nil if there are others.
        let only: IPAddress?
        /// Where in `several` the addresses stand that are not one.
        let place: Int
        /// Whether some of the addresses may be out of date.
        let hasHeldAddresses: Bool
        var weight: UInt64 = 0
        var isHeld = false
        /// Whether one of the providers is among those that the service offers.
        var isOffered = false
        /// The lowest rank of its providers.
        var rank = Int.max
        /// Where its first provider lies on the ring; nil until that is said.
        var ringPlace: UInt32?
        /// Its first record among the candidates of each family.
        var firsts = Families(ipv4: 0, ipv6: 0)
        /// What its instances have: of those that are not held, of those that are.
        var own: (current: Own?, held: Own?) = (nil, nil)

        /// How many addresses there are of a family; nil while that is not known.
        func count(_ isIPv4: Bool) -> Int? { counts[isIPv4].map(Int.init) }

        /// The same addresses, which stand for no provider.
        var withoutProviders: AddressSet {
            AddressSet(counts: counts, only: only, place: place, hasHeldAddresses: hasHeldAddresses)
        }
    }

    /// Something of each family of addresses.
    struct Families<Value> {
        var ipv4: Value
        var ipv6: Value

        subscript(_ isIPv4: Bool) -> Value {
            get { isIPv4 ? ipv4 : ipv6 }
            set { if isIPv4 { ipv4 = newValue } else { ipv6 = newValue } }
        }
    }

    /// The RRsets of one instance: none for a family that it definitely lacks.
    struct Own {
        /// Both families, those included whose addresses are not known.
        var all = RecordBlockBuilder.Additional()
        /// What can go along with an SRV record.
        var known = RecordBlockBuilder.Additional()
    }

    let policy: ZonePolicy
    var sets: [AddressSet] = []
    private(set) var several: [HostAddresses] = []
    private var places: AddressPlaces
    private var placesOfSeveral: [HostAddresses: Int] = [:]
    private var placesOfNames: [String: Int] = [:]
    /// The service's own RRsets.
    var families = Families(ipv4: Family(), ipv6: Family())

    /// Sets for at most so many hosts.
    init(_ policy: ZonePolicy, hosts: Int) {
        self.policy = policy
        sets.reserveCapacity(hosts)
        places = AddressPlaces(room: hosts)
    }

    /// The place of the set of a host's addresses, which `addresses` gives, and whether it is a new one.
    mutating func place(of host: ProviderHost, _ addresses: (ProviderHost) -> HostAddresses) -> (Int, isNew: Bool) {
        switch host {
        case .ipv4(let address): return place(of: .v4(address))
        case .ipv6(let address): return place(of: .v6(address))
        case .name(let name):
            if let place = placesOfNames[name] { return (place, false) }
            let found = addresses(host)
            let result = found.only.map { place(of: $0) } ?? place(of: found)
            placesOfNames[name] = result.0
            return result
        }
    }

    private mutating func place(of address: IPAddress) -> (Int, isNew: Bool) {
        if let place = places.find(address, orInsert: sets.count, among: sets) { return (place, false) }
        let isIPv4 = if case .v4 = address { true } else { false }
        let counts = Families<Int32?>(ipv4: isIPv4 ? 1 : 0, ipv6: isIPv4 ? 0 : 1)
        sets.append(AddressSet(counts: counts, only: address, place: 0, hasHeldAddresses: false))
        return (sets.count - 1, true)
    }

    private mutating func place(of addresses: HostAddresses) -> (Int, isNew: Bool) {
        if let place = placesOfSeveral[addresses] { return (place, false) }
        placesOfSeveral[addresses] = sets.count
        let counts = Families(ipv4: addresses.ipv4.count, ipv6: addresses.ipv6.count)
        sets.append(AddressSet(counts: counts, only: nil, place: several.count, hasHeldAddresses: addresses.isHeld))
        several.append(addresses)
        return (sets.count - 1, true)
    }

    /// Has a set stand for one more provider that the service offers.
    mutating func offer(_ instance: ServiceCompiler.Instance) {
        let place = instance.addresses
        let rank = RecordChoice.rank(priority: instance.priority, weight: instance.weight)
        sets[place].weight += UInt64(instance.weight)
        sets[place].isOffered = true
        if rank < sets[place].rank { sets[place].rank = rank }
        if instance.isHeld || sets[place].hasHeldAddresses { sets[place].isHeld = true }
    }

    /// The sets of some of the instances alone, as a service would have them that offers only those; each instance with its place among them.
    /// O(these instances).
    func part(of instances: [ServiceCompiler.Instance]) -> (sets: AddressSets, instances: [ServiceCompiler.Instance]) {
        var part = AddressSets(policy, hosts: 0)
        part.several = several
        var places: [Int: Int] = [:]
        let moved = instances.map { instance in
            let place = places[instance.addresses] ?? part.sets.count
            if place == part.sets.count {
                places[instance.addresses] = place
                part.sets.append(sets[instance.addresses].withoutProviders)
            }
            var instance = instance
            instance.addresses = place
            part.offer(instance)
            return instance
        }
        return (part, moved)
    }

    /// Most octets that a set takes: among the service's addresses, among those of which an answer has one, as those of its instances, and as
    /// those of instances that are held.
    func room(_ place: Int) -> Int {
        4 * RecordBlockBuilder.room(forRecords: sets[place].count(true) ?? 0, ofLength: 4)
            + 4 * RecordBlockBuilder.room(forRecords: sets[place].count(false) ?? 0, ofLength: 16)
    }
}

/// The places of sets that are one address: an open-addressing table (linear probing, at most half full).
private struct AddressPlaces {
    /// A place among the sets, -1 for none.
    private var slots: [Int32]

    /// Secret: who chooses addresses cannot choose their slots.
    private static let seed = UInt64.random(in: .min ... .max)

    init(room: Int) {
        var capacity = 4
        while capacity < 2 * room { capacity *= 2 }
        slots = [Int32](repeating: -1, count: capacity)
    }

    /// The place of the set of an address; nil if there is none, which has the next place from now on.
    mutating func find(_ address: IPAddress, orInsert next: Int, among sets: [AddressSets.AddressSet]) -> Int? {
        var slot = Self.hash(address) & (slots.count - 1)
        while slots[slot] >= 0 {
            let place = Int(slots[slot])
            if sets[place].only == address { return place }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(next)
        return nil
    }

    private static func hash(_ address: IPAddress) -> Int {
        let (upper, lower): (UInt64, UInt64) =
            switch address {
            case .v4(let address): (0, UInt64(address.value))
            case .v6(let address): (UInt64(truncatingIfNeeded: address.value >> 64), UInt64(truncatingIfNeeded: address.value))
            }
        return Int(truncatingIfNeeded: mix(mix(lower ^ seed, 0x9E37_79B9_7F4A_7C15) ^ upper, 0xE703_7ED1_A0B4_28DB))
    }

    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

extension KnownAddresses {
    /// How many there are; nil while that is not known.
    fileprivate var count: Int32? { isUnknown ? nil : Int32(addresses.count) }
}

extension HostAddresses {
    /// The only address of a host that certainly has no other; nil for any other host.
    fileprivate var only: IPAddress? {
        guard !isHeld, let ipv4 = ipv4.count, let ipv6 = ipv6.count, ipv4 + ipv6 == 1 else { return nil }
        return self.ipv4.addresses.first.map(IPAddress.v4) ?? self.ipv6.addresses.first.map(IPAddress.v6)
    }
}
