import DNSAuthority

/// Which services have instances at which addresses: one claim for each service and address.
///
/// Claims of neighbouring addresses are a group, whose names are compiled together. Claims refer to each other by their places, without
/// references: there is one for nearly every provider.
struct ReverseClaims {
    /// Sixteen addresses of a zone that follow each other, or the only one of a zone.
    struct Group: Hashable {
        /// The zone's place.
        let zone: Int
        /// The addresses' common first bits, as a number.
        let bits: UInt128
    }

    /// One service's claim on an address.
    private struct Claim {
        let address: UInt128
        let zone: Int32
        /// The place of the service among the holders.
        let holder: Int32
        /// The place of the instance in the service's block.
        var node: Int32
        /// Where the instance's name lies on the ring.
        var ringPlace: UInt32
        var isHeld: Bool
        /// The neighbours in the group's list; -1 for none.
        var previous: Int32 = -1
        var next: Int32 = -1
    }

    /// A service with claims.
    private struct Holder {
        /// Nil for a service that is gone.
        var block: RecordBlock?
        /// The claims' places, ascending by zone and address.
        var claims: [Int32] = []
        /// Whether nothing is known of the service: the block is the last that was known.
        var isUnknown = false
    }

    /// An address that an instance of a service has.
    private struct Wish {
        let zone: Int32
        let address: UInt128
        let node: Int32
        let isHeld: Bool

        /// By zone and address; of one address those first that are not held, then in the block's order.
        func isBefore(_ other: Wish) -> Bool {
            if zone != other.zone { return zone < other.zone }
            if address != other.address { return address < other.address }
            return isHeld == other.isHeld ? node < other.node : other.isHeld
        }
    }

    private var claims: [Claim] = []
    private var freeClaims: [Int32] = []
    private var holders: [Holder] = []
    private var freeHolders: [Int32] = []
    private var places: [ServiceReference: Int32] = [:]
    /// The place of the first claim of each group.
    private var firsts: [Group: Int32] = [:]
    /// The groups whose names may be different since they were last taken.
    private var changed: Set<Group> = []
    /// The zones that are one address.
    private let ofOneAddress: Set<Int32>

    /// No claims in zones, of which these are one address each.
    init(ofOneAddress: Set<Int32>) { self.ofOneAddress = ofOneAddress }

    /// Bits of an address that are different within a group.
    private static let groupBits: UInt128 = 4

    private func group(of claim: Claim) -> Group {
        Group(zone: Int(claim.zone), bits: ofOneAddress.contains(claim.zone) ? claim.address : claim.address >> Self.groupBits)
    }

    /// Takes away the groups whose names may be different, and gives them.
    mutating func takeChanged() -> Set<Group> {
        defer { changed = [] }
        return changed
    }
}

// MARK: What changes

extension ReverseClaims {
    /// Has a service, given by its name and block, claim the addresses of its instances in zones from now on, and no others; no block: the
    /// service is gone. `zone` gives the place of an address's zone. O(n log n) for n addresses.
    ///
    /// A service of which nothing is known keeps its claims: its addresses may still be its own.
    mutating func set(_ service: ServiceReference, to block: RecordBlock?, zone: (NamedAddress) -> Int32?) {
        guard let block else { return remove(service) }
        if block.beginsWithUnknownService {
            if let place = places[service], !holders[Int(place)].isUnknown { setUnknown(true, Int(place)) }
            return
        }
        var wishes = block.addresses(rightBelow: service.owner).compactMap { address in
            zone(address).map { Wish(zone: $0, address: address.value, node: Int32(address.node), isHeld: address.isHeld) }
        }
        guard !wishes.isEmpty else { return remove(service) }
        wishes.sort { $0.isBefore($1) }
        let place = places[service] ?? insertHolder(service, block)
        if holders[Int(place)].isUnknown { setUnknown(false, Int(place)) }
        merge(wishes, into: place, block)
    }

    private mutating func insertHolder(_ service: ServiceReference, _ block: RecordBlock) -> Int32 {
        let place = freeHolders.popLast() ?? Int32(holders.count)
        if Int(place) == holders.count { holders.append(Holder(block: block)) } else { holders[Int(place)] = Holder(block: block) }
        places[service] = place
        return place
    }

    /// Says whether nothing is known of a service.
    private mutating func setUnknown(_ isUnknown: Bool, _ place: Int) {
        holders[place].isUnknown = isUnknown
        for claim in holders[place].claims { changed.insert(group(of: claims[Int(claim)])) }
    }

    /// Puts what a service wishes for, in its order, in the place of its claims.
    private mutating func merge(_ wishes: [Wish], into place: Int32, _ block: RecordBlock) {
        let oldBlock = holders[Int(place)].block
        var old = holders[Int(place)].claims[...]
        var kept: [Int32] = []
        kept.reserveCapacity(wishes.count)
        for (index, wish) in wishes.enumerated() {
            if index > 0, wishes[index - 1].zone == wish.zone, wishes[index - 1].address == wish.address { continue }
            while let first = old.first, isBefore(claims[Int(first)], wish) {
                remove(first)
                old = old.dropFirst()
            }
            if let first = old.first, claims[Int(first)].zone == wish.zone, claims[Int(first)].address == wish.address {
                old = old.dropFirst()
                update(Int(first), wish, block, from: oldBlock)
                kept.append(first)
            } else {
                kept.append(insert(wish, place, block))
            }
        }
        for claim in old { remove(claim) }
        (holders[Int(place)].claims, holders[Int(place)].block) = (kept, block)
    }

    private func isBefore(_ claim: Claim, _ wish: Wish) -> Bool {
        claim.zone == wish.zone ? claim.address < wish.address : claim.zone < wish.zone
    }

    /// Has a claim stand for what an instance of a new block wishes.
    private mutating func update(_ place: Int, _ wish: Wish, _ block: RecordBlock, from old: RecordBlock?) {
        let isSame = old.map { block.hasName(Int(wish.node), of: $0, at: Int(claims[place].node)) } ?? false
        if !isSame || claims[place].isHeld != wish.isHeld { changed.insert(group(of: claims[place])) }
        claims[place].node = wish.node
        claims[place].isHeld = wish.isHeld
        if !isSame { claims[place].ringPlace = Self.ringPlace(wish, block) }
    }

    private mutating func insert(_ wish: Wish, _ holder: Int32, _ block: RecordBlock) -> Int32 {
        var claim = Claim(
            address: wish.address, zone: wish.zone, holder: holder, node: wish.node, ringPlace: Self.ringPlace(wish, block),
            isHeld: wish.isHeld)
        let place = freeClaims.popLast() ?? Int32(claims.count)
        let group = group(of: claim)
        if let first = firsts.updateValue(place, forKey: group) {
            claim.next = first
            claims[Int(first)].previous = place
        }
        if Int(place) == claims.count { claims.append(claim) } else { claims[Int(place)] = claim }
        changed.insert(group)
        return place
    }

    private mutating func remove(_ place: Int32) {
        let claim = claims[Int(place)]
        let group = group(of: claim)
        if claim.next >= 0 { claims[Int(claim.next)].previous = claim.previous }
        if claim.previous >= 0 {
            claims[Int(claim.previous)].next = claim.next
        } else {
            firsts[group] = claim.next >= 0 ? claim.next : nil
        }
        freeClaims.append(place)
        changed.insert(group)
    }

    private mutating func remove(_ service: ServiceReference) {
        guard let place = places.removeValue(forKey: service) else { return }
        for claim in holders[Int(place)].claims { remove(claim) }
        if places.isEmpty {
            (claims, freeClaims, holders, freeHolders) = ([], [], [], [])
        } else {
            holders[Int(place)] = Holder()
            freeHolders.append(place)
        }
    }

    private static func ringPlace(_ wish: Wish, _ block: RecordBlock) -> UInt32 {
        var place: UInt32 = 0
        block.readName(Int(wish.node)) { place = Ring.place(of: $0) }
        return place
    }
}

// MARK: What is claimed

extension ReverseClaims {
    /// A claim on one of a group's addresses.
    private struct Candidate {
        let address: UInt128
        let ringPlace: UInt32
        let place: Int32
    }

    /// The PTR RRsets of the addresses of a group that are claimed, ascending by address. An RRset has at most so many records, those of
    /// the lowest places on the ring. O(claims of the group).
    func pointers(of group: Group, ttl: UInt32, most: Int) -> [(address: UInt128, rrset: RRset)] {
        var buckets = [[Candidate]](repeating: [], count: 1 << Int(Self.groupBits))
        var next = firsts[group] ?? -1
        while next >= 0 {
            let claim = claims[Int(next)]
            let bucket = Int(truncatingIfNeeded: claim.address) & (buckets.count - 1)
            buckets[bucket].append(Candidate(address: claim.address, ringPlace: claim.ringPlace, place: next))
            // All claims may be on one address: no more than twice as many are put in order at once.
            if buckets[bucket].count >= 2 * most { Self.cut(&buckets[bucket], most) }
            next = claim.next
        }
        return buckets.indices.compactMap { index in
            guard let address = buckets[index].first?.address else { return nil }
            Self.cut(&buckets[index], most)
            return (address, rrset(buckets[index], ttl: ttl))
        }
    }

    private static func cut(_ candidates: inout [Candidate], _ most: Int) {
        candidates.sort { ($0.ringPlace, $0.place) < ($1.ringPlace, $1.place) }
        candidates.removeLast(max(0, candidates.count - most))
    }

    private func rrset(_ candidates: [Candidate], ttl: UInt32) -> RRset {
        var rrset = RRset(.ptr, ttl: ttl)
        for candidate in candidates {
            let claim = claims[Int(candidate.place)]
            let holder = holders[Int(claim.holder)]
            guard !holder.isUnknown else {
                rrset.isUnknown = true
                continue
            }
            holder.block?.readName(Int(claim.node)) { rrset.append(pointer: $0) }
            rrset.places.append(claim.ringPlace)
            if claim.isHeld { rrset.isHeld = true }
        }
        return rrset
    }
}
