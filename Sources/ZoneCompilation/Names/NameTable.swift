import DNSAuthority
import ProviderRegistry

/// Who has which name of a zone. Of several that want one, the first has it: a service, a service name (RFC 2782), the name server, the
/// service that the name lies below most closely.
package struct NameTable {
    /// The zone's origin.
    package let origin: DomainName
    /// Where the name server stands unless a service does; nil if it is in no name of this zone.
    package let nameServer: DomainName?
    /// The services at each name, more than one where their names differ only in case.
    private var services: [DomainName: SharedName] = [:]
    /// How many names of services lie right below each name that lies below the origin.
    private var children: [DomainName: Int] = [:]
    /// How many names of services end like service names (RFC 2782).
    private var servicesBelowProtocols = 0

    /// The services at one name. The first stands apart, as nearly all names have one only: an array of one takes an allocation.
    private struct SharedName {
        var first: ServiceName
        var others: [ServiceName] = []
    }

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
        /// One provider a query of the service at this name.
        case one(of: DomainName)
        /// A named port, if there is one, of the service at this name.
        case port(of: DomainName)
        /// The host of an instance's named port, if that has one of its own.
        case portHost(of: DomainName)
        /// The providers in a part of the network, if there are any, of the service at this name.
        case place(of: DomainName)
        /// The providers with an attribute, if there are any, of the service at this name.
        case tag(of: DomainName)
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
        guard let owner = ancestors(of: name).first(where: hasService) else { return nil }
        return Holder(Array(name.labels.dropLast(owner.labels.count)), below: owner)
    }

    /// The names above one, as far as they lie below the origin, the closest first.
    private func ancestors(of name: DomainName) -> some Sequence<DomainName> { sequence(first: name, next: parentInside).dropFirst() }

    /// The services that may have something at a name, now or when others change.
    func claimants(of name: DomainName) -> [DomainName] {
        var claimants: [DomainName] = []
        if hasService(at: name) { claimants.append(name) }
        if let owner = ServiceNaming.owner(ofServiceName: name, in: origin), hasService(at: owner) { claimants.append(owner) }
        if ServiceNaming.hasUnderscore(name, in: origin) {
            claimants += ancestors(of: name).filter(hasService)
        } else if let parent = name.parent, hasService(at: parent) {
            claimants.append(parent)
        }
        return claimants
    }

    /// The services at a name, in no order that matters.
    package func services(at name: DomainName) -> [ServiceName] { services[name].map { [$0.first] + $0.others } ?? [] }

    /// The service at a name; nil if there is none, or more than one.
    func onlyService(at name: DomainName) -> ServiceName? {
        guard let shared = services[name], shared.others.isEmpty else { return nil }
        return shared.first
    }

    /// Whether a service stands at a name.
    func hasService(at name: DomainName) -> Bool { services[name] != nil }

    /// The name at which a service gives one provider a query; nil where it is another's, or too long.
    func oneName(of owner: DomainName) -> DomainName? {
        ServiceNaming.oneName(of: owner).flatMap { mayHaveChildren(owner) && holder(of: $0) != .one(of: owner) ? nil : $0 }
    }

    /// The service names (RFC 2782) that a service has.
    func serviceNames(of owner: DomainName) -> [DomainName] {
        let names = ServiceNaming.protocols.compactMap { ServiceNaming.serviceName(of: owner, $0, in: origin) }
        return servicesBelowProtocols > 0 ? names.filter { !hasService(at: $0) } : names
    }

    /// The name of each provider of a service, in their order: the plain label where it is free, else the digest; an empty place where neither
    /// can be had. The older znode takes a name first.
    func instanceNames(of service: MergedService, at owner: DomainName) -> NameList {
        let mayBeTaken = mayHaveChildren(owner)
        // All different, as the names of the znodes are.
        if !mayBeTaken, service.hasUniqueNames, let names = plainNames(of: service, at: owner) { return names }
        var names = NameList()
        var taken: Set<DomainName> = []
        for member in service.members {
            let labels = [ServiceNaming.label, ServiceNaming.digestLabel].lazy.map { $0(member.instance) }
            names.append(
                labels.compactMap { owner.prepending($0) }.first { name in
                    !(mayBeTaken && holder(of: name) != .instance(of: owner)) && taken.insert(name).inserted
                })
        }
        return names
    }

    /// The names of providers whose znodes' names are plain labels in lower case, in their order; nil if one of them has another label.
    private func plainNames(of service: MergedService, at owner: DomainName) -> NameList? {
        var names = NameList()
        names.reserve(names: service.members.count, octets: service.members.count * (owner.octets.count + 40))
        for member in service.members {
            guard ServiceNaming.append(plainNameOf: member.instance, below: owner, to: &names) else { return nil }
        }
        return names
    }

    /// Whether something of a higher rank than instances may stand right below a service.
    private func mayHaveChildren(_ owner: DomainName) -> Bool {
        children[owner] != nil || isAboveNameServer(owner) || isBelowProtocol(owner)
    }

    private func isAboveNameServer(_ name: DomainName) -> Bool {
        guard let nameServer else { return false }
        return nameServer.octets.count == 1 + Int(nameServer.octets[0]) + name.octets.count && nameServer.parent == name
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
    /// Has room for so many services at once.
    mutating func reserve(services count: Int) { services.reserveCapacity(count) }

    /// Adds a service that is not there at its name; true if that name had none.
    mutating func insert(_ service: ServiceName, at owner: DomainName) -> Bool {
        guard Self.add(service, to: &services[owner]) else { return false }
        count(owner, 1)
        return true
    }

    /// Adds a service to those of a name; true if there was none. In place: thousands of services may differ only in case.
    private static func add(_ service: ServiceName, to shared: inout SharedName?) -> Bool {
        if shared?.others.append(service) != nil { return false }
        shared = SharedName(first: service)
        return true
    }

    /// Takes a service away from its name; true if that name has none now.
    mutating func remove(_ service: ServiceName, at owner: DomainName) -> Bool {
        guard let shared = services[owner] else { return false }
        if shared.first == service {
            guard let heir = services[owner]?.others.popLast() else {
                services[owner] = nil
                count(owner, -1)
                return true
            }
            services[owner]?.first = heir
        } else if let place = shared.others.firstIndex(of: service) {
            services[owner]?.others.remove(at: place)
        }
        return false
    }

    private mutating func count(_ owner: DomainName, _ step: Int) {
        if isBelowProtocol(owner) { servicesBelowProtocols += step }
        guard let parent = parentInside(of: owner) else { return }
        let count = (children[parent] ?? 0) + step
        children[parent] = count == 0 ? nil : count
    }

    /// The name right above one unless that is the origin, or the one is not below it.
    private func parentInside(of name: DomainName) -> DomainName? {
        // Most names of services are right below the origin.
        1 + Int(name.octets[0]) + origin.octets.count >= name.octets.count ? nil : name.parent
    }

    /// The services that have to give way to one that has come to a name, or need not any more after one has gone.
    func neighbours(of owner: DomainName) -> [DomainName] {
        var names = [parentInside(of: owner), ServiceNaming.owner(ofServiceName: owner, in: origin)].compactMap(\.self)
        if ServiceNaming.hasUnderscore(owner, in: origin) { names += ancestors(of: owner) }
        if servicesBelowProtocols > 0 {
            for label in ServiceNaming.protocols {
                if let name = ServiceNaming.serviceName(of: owner, label, in: origin) { names += ancestors(of: name) }
            }
        }
        return names.filter { $0.octets.count > origin.octets.count && hasService(at: $0) }
    }
}
