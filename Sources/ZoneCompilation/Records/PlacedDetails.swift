import DNSAuthority
import IPAddressing
import ProviderRegistry

/// Something that a provider says and that no name or record can have.
package struct OmittedDetail: Hashable, Sendable {
    /// The provider.
    package let instance: InstanceName
    /// What it is, and why.
    package let text: String

    /// A detail whose name, as registrants have chosen it, is cut to what a line has room for.
    init(_ instance: InstanceName, _ kind: String, _ name: String, _ reason: String) {
        self.instance = instance
        text = "\(kind) \(String(name.prefix(64)).debugDescription) \(reason)"
    }
}

/// What a service's providers say beside host and port, by the names that come of it.
struct PlacedDetails {
    typealias Instance = ServiceCompiler.Instance

    /// A named port of a provider.
    struct Port {
        /// The provider as SRV has it for this port.
        var instance: Instance
        /// The name of the port's own host; nil if the port has the provider's, or one with a name of its own.
        var hostName: DomainName?
        /// Whether the port has a host of its own.
        var hasHost: Bool
    }

    private let owner: DomainName
    private let table: NameTable
    /// The attributes that have names.
    private let tags: [String]
    /// The named ports by their labels.
    private(set) var ports: [[UInt8]: [Port]] = [:]
    /// The places of the members in each part of the network, by its name in lower case.
    private(set) var zones: [String: [Int]] = [:]
    /// Whether some provider, which may be down, says in which part of the network it is.
    private(set) var hasZones = false
    /// The places of the members with each tag, by its name in the zone.
    private(set) var tagged: [DomainName: [Int]] = [:]
    /// The first of what each member says in vain.
    private(set) var omitted: [OmittedDetail] = []

    /// Most parts of the network of a service that have names.
    static let mostZones = 100

    /// Details of no provider, of the service at a name.
    init(owner: DomainName, table: NameTable, tags: [String]) { (self.owner, self.table, self.tags) = (owner, table, tags) }

    /// Takes in what a provider says; gives the most octets that it takes.
    mutating func add(
        _ member: MergedService.Member, _ instance: Instance, _ sets: inout AddressSets, _ names: inout NameList,
        _ addresses: (ProviderHost) -> HostAddresses
    ) -> Int {
        guard let details = member.provider.details else { return 0 }
        var problem: OmittedDetail?
        func omit(_ kind: String, _ name: String, _ reason: String) {
            problem = problem ?? OmittedDetail(member.instance, kind, name, reason)
        }
        let location = RecordBlockBuilder.room(forRecords: 1, ofLength: 6 + (instance.target.map(names.length) ?? 0))
        var room = 0
        for port in details.ports {
            let label = ServiceNaming.label(ofPort: port.name)
            room += location + add(port, label, of: member.provider, instance, &sets, &names, addresses)
        }
        let group = location + sets.room(instance.addresses)
        if let zone = details.zone {
            noteZone(of: details)
            if ServiceNaming.name(ofText: zone, below: owner) == nil {
                omit("zone", zone, "is no domain name")
            } else {
                room +=
                    group + Self.note(instance.name, under: zone.lowercased(), in: &zones, owner.octets.count + zone.utf8.count + 16) * 2
            }
        }
        for key in tags {
            guard let value = details.attributes[key] else { continue }
            if let name = ServiceNaming.tagName(key, value, of: owner) {
                room += group + Self.note(instance.name, under: name, in: &tagged, name.octets.count)
            } else {
                omit("tag", value, "is no domain name")
            }
        }
        let text = AttributeText(details.attributes)
        if let key = text.omitted { omit("attribute", key, "has no room in TXT") }
        if let problem { omitted.append(problem) }
        return room + 2 * RecordBlockBuilder.room(forRecords: 1, ofLength: text.length) + Self.room(forBindings: details, location)
    }

    /// Notes that a provider, which may be down, says where it is, if it does so.
    mutating func noteZone(of details: ProviderDetails) {
        guard !hasZones, let zone = details.zone else { return }
        hasZones = ServiceNaming.name(ofText: zone, below: owner) != nil
    }

    /// Leaves out the parts of the network beyond those that have names, the first by name; reports their providers.
    mutating func limitZones(_ members: [MergedService.Member]) {
        guard zones.count > Self.mostZones else { return }
        var reported = Set(omitted.map(\.instance))
        for zone in zones.keys.sorted().dropFirst(Self.mostZones) {
            for place in zones.removeValue(forKey: zone) ?? [] where reported.insert(members[place].instance).inserted {
                let reason = "is beyond the first \(Self.mostZones) of its service"
                omitted.append(OmittedDetail(members[place].instance, "zone", zone, reason))
            }
        }
    }

    /// Notes a member under a key, once, though two of its tags may differ only in case; gives the octets of the key's name, of a length, where the key is new.
    private static func note<Key>(_ member: Int, under key: Key, in all: inout [Key: [Int]], _ length: Int) -> Int {
        guard all[key]?.last != member else { return 0 }
        all[key, default: []].append(member)
        return all[key]?.count == 1 ? RecordBlockBuilder.room(forName: length, rrsets: 3) : 0
    }

    /// Takes in a named port, the first with its label; gives the most octets that it takes beside its records.
    private mutating func add(
        _ port: NamedPort, _ label: [UInt8], of provider: Provider, _ instance: Instance, _ sets: inout AddressSets,
        _ names: inout NameList, _ addresses: (ProviderHost) -> HostAddresses
    ) -> Int {
        var placed = Port(instance: instance, hostName: nil, hasHost: false)
        placed.instance.port = port.port
        var room = 0
        if let host = port.host, host != provider.host {
            placed.hasHost = true
            let (place, isNew) = sets.place(of: host, addresses)
            placed.instance.addresses = place
            if let name = ServiceCompiler.hostName(host) ?? hostName(of: label, of: instance, names) {
                placed.hostName = ServiceCompiler.hostName(host) == nil ? name : nil
                names.append(name)
                placed.instance.target = names.count - 1
            } else {
                placed.instance.target = nil
            }
            room = RecordBlockBuilder.room(forName: DomainName.maximumLength, rrsets: 2) + (isNew ? sets.room(place) : 0)
        }
        guard ports[label]?.last?.instance.name != instance.name else { return 0 }
        ports[label, default: []].append(placed)
        return room + (ports[label]?.count == 1 ? 2 * RecordBlockBuilder.room(forName: owner.octets.count + label.count + 6, rrsets: 1) : 0)
    }

    /// The name of the host of a port of an instance; nil where none fits, or where it is another's.
    private func hostName(of label: [UInt8], of instance: Instance, _ names: NameList) -> DomainName? {
        guard let name = names[instance.name]?.prepending(label), table.holder(of: name) == .portHost(of: owner) else { return nil }
        return name
    }

    /// Most octets of a provider's SVCB and HTTPS records beside a location's.
    private static func room(forBindings details: ProviderDetails, _ location: Int) -> Int {
        details.alpn.isEmpty ? 0 : 2 * (location + ServiceBinding.mostOctetsOfHints + details.alpn.reduce(0) { $0 + 1 + $1.utf8.count })
    }
}
