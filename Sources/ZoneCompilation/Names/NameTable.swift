import DNSAuthority
import ProviderRegistry

/// Who has which name of a zone. Of several that want one, the first has it: a service, a service name (RFC 2782), the name server, an
/// instance.
package struct NameTable {
    /// The zone's origin.
    package let origin: DomainName
    /// Where the name server stands unless a service does; nil if it is in no name of this zone.
    package let nameServer: DomainName?
    /// The services at each name, more than one where their names differ only in case.
    private var services: [DomainName: [ServiceName]] = [:]
    /// How many names of services lie right below each name that lies below the origin.
    private var children: [DomainName: Int] = [:]
    /// How many names of services end like service names (RFC 2782).
    private var servicesBelowProtocols = 0

    /// What stands at a name.
    package enum Holder: Hashable, Sendable {
        /// A service.
        case service
        /// The service name (RFC 2782) of the service at this name.
        case serviceName(of: DomainName)
        /// The name server.
        case nameServer
        /// An instance, if there is one of this name, of the service at this name.
        case instance(of: DomainName)
    }

    /// A zone with these services, each given once, as far as their names can be domain names.
    package init(origin: DomainName, services: [ServiceName] = []) {
        self.origin = origin
        nameServer = ApexCompiler.nameServer(of: origin)
        for service in services { if let owner = ServiceNaming.owner(of: service, in: origin) { _ = insert(service, at: owner) } }
    }

    /// What stands at a name; nil if nothing but names below may do so.
    package func holder(of name: DomainName) -> Holder? {
        if hasService(at: name) { return .service }
        if let owner = ServiceNaming.owner(ofServiceName: name, in: origin), hasService(at: owner) { return .serviceName(of: owner) }
        if name == nameServer { return .nameServer }
        if let parent = name.parent, hasService(at: parent) { return .instance(of: parent) }
        return nil
    }

    /// The services that may have something at a name, now or when others change.
    func claimants(of name: DomainName) -> [DomainName] {
        var claimants: [DomainName] = []
        if hasService(at: name) { claimants.append(name) }
        if let owner = ServiceNaming.owner(ofServiceName: name, in: origin), hasService(at: owner) { claimants.append(owner) }
        if let parent = name.parent, hasService(at: parent) { claimants.append(parent) }
        return claimants
    }

    /// The services at a name, in no order that matters.
    package func services(at name: DomainName) -> [ServiceName] { services[name] ?? [] }

    /// Whether a service stands at a name.
    func hasService(at name: DomainName) -> Bool { services[name] != nil }

    /// The service names (RFC 2782) that a service has.
    func serviceNames(of owner: DomainName) -> [DomainName] {
        let names = ServiceNaming.protocols.compactMap { ServiceNaming.serviceName(of: owner, $0, in: origin) }
        return servicesBelowProtocols > 0 ? names.filter { !hasService(at: $0) } : names
    }

    /// The name of each provider of a service, in their order: the plain label where it is free, else the digest; nil where neither can be
    /// had. The older znode takes a name first.
    func instanceNames(of service: MergedService, at owner: DomainName) -> [DomainName?] {
        let mayBeTaken = mayHaveChildren(owner)
        if !mayBeTaken, service.hasUniqueNames {
            // All different, as the names of the znodes are.
            let names = service.members.map { ServiceNaming.plainName(ofInstance: $0.instance, below: owner) }
            if names.allSatisfy({ $0 != nil }) { return names }
        }
        var taken: Set<DomainName> = []
        return service.members.map { member in
            for makeLabel in [ServiceNaming.label, ServiceNaming.digestLabel] {
                guard let name = owner.prepending(makeLabel(member.instance)) else { continue }
                if mayBeTaken, holder(of: name) != .instance(of: owner) { continue }
                if taken.insert(name).inserted { return name }
            }
            return nil
        }
    }

    /// Whether something of a higher rank than instances may stand right below a service.
    private func mayHaveChildren(_ owner: DomainName) -> Bool {
        children[owner] != nil || nameServer?.parent == owner || isBelowProtocol(owner)
    }

    /// Whether the label right below the origin is a protocol's.
    private func isBelowProtocol(_ name: DomainName) -> Bool {
        let end = name.octets.count - origin.octets.count
        return ServiceNaming.protocols.contains { label in
            let start = end - label.utf8.count
            return start > 0 && name.octets[start - 1] == UInt8(label.utf8.count) && name.octets[start..<end].elementsEqual(label.utf8)
        }
    }
}

extension NameTable {
    /// Adds a service that is not there at its name; true if that name had none.
    mutating func insert(_ service: ServiceName, at owner: DomainName) -> Bool {
        // In place: thousands of services may differ only in case.
        if services[owner]?.append(service) != nil { return false }
        services[owner] = [service]
        count(owner, 1)
        return true
    }

    /// Takes a service away from its name; true if that name has none now.
    mutating func remove(_ service: ServiceName, at owner: DomainName) -> Bool {
        guard let place = services[owner]?.firstIndex(of: service) else { return false }
        services[owner]?.remove(at: place)
        guard services[owner]?.isEmpty == true else { return false }
        services[owner] = nil
        count(owner, -1)
        return true
    }

    private mutating func count(_ owner: DomainName, _ step: Int) {
        if isBelowProtocol(owner) { servicesBelowProtocols += step }
        guard let parent = owner.parent, parent.octets.count > origin.octets.count else { return }
        let count = (children[parent] ?? 0) + step
        children[parent] = count == 0 ? nil : count
    }

    /// The services that have to give way to one that has come to a name, or need not any more after one has gone.
    func neighbours(of owner: DomainName) -> [DomainName] {
        var names = [owner.parent, ServiceNaming.owner(ofServiceName: owner, in: origin)]
        if servicesBelowProtocols > 0 {
            names += ServiceNaming.protocols.map { ServiceNaming.serviceName(of: owner, $0, in: origin)?.parent }
        }
        return names.compactMap { name in name.flatMap { $0.octets.count > origin.octets.count && hasService(at: $0) ? $0 : nil } }
    }
}
