import DNSAuthority
import IPAddressing
import ProviderRegistry

/// What one zone holds of its registry, by domain name.
struct ZoneContent {
    /// The zone's origin.
    let origin: DomainName
    /// Services by their domain name, and there by their own: names that differ in case share one.
    private var services: [DomainName: [ServiceName: Service]] = [:]
    /// Services whose names cannot be domain names, or have too many labels.
    private(set) var unreachable: Set<ServiceName> = []
    /// How many names lie below each name that lies between a service, or its SRV forms, and the origin.
    private var descendants: [DomainName: Int] = [:]

    /// Names at which services stand and nothing is known of them.
    private(set) var unknown: Set<DomainName> = []

    /// Where the name server stands unless a service does; nil if that would be too long.
    let nameServer: DomainName?

    init(origin: DomainName) {
        self.origin = origin
        nameServer = ApexCompiler.nameServer(of: origin)
    }

    /// The merged service at a name; nil if there is none.
    func service(at name: DomainName) -> MergedService? { services[name].map { MergedService($0.values) } }

    /// The names at which services stand, as far as they are wanted.
    func owners(_ isWanted: (DomainName) -> Bool) -> Set<DomainName> { Set(services.keys.lazy.filter(isWanted)) }

    /// Whether a service stands at a name.
    func hasService(at name: DomainName) -> Bool { services[name] != nil }

    /// Whether nothing is known of a name: a service of which nothing is known stands there, or right above where no service does.
    func isUnknown(_ name: DomainName) -> Bool {
        guard !unknown.isEmpty else { return false }
        return unknown.contains(name) || !hasService(at: name) && name.parent.map(unknown.contains) ?? false
    }

    /// How many registrations the services at a name have, twins included.
    func registrationCount(at name: DomainName) -> Int { services[name]?.values.reduce(0) { $0 + $1.count } ?? 0 }

    /// The hosts that the services at a name have, each once, and whether some may be out of date; nil if there is no service.
    func hosts(at name: DomainName) -> (hosts: [ProviderHost], isHeld: Bool)? {
        guard let known = services[name]?.values.filter({ $0.reach != .unknown }) else { return nil }
        let isHeld = known.contains { $0.reach != .current || !$0.held.isEmpty }
        let registered = known.lazy.flatMap { $0.registrations.values.lazy.map(\.provider.host) }
        return (Array(Set(registered).union(known.lazy.flatMap { $0.held.lazy.map(\.provider.host) })), isHeld)
    }

    /// The services that may have something at a name: its own, that whose SRV form it is, that whose instance it is.
    func claimants(of name: DomainName) -> [DomainName] {
        [name, serviceWithForm(name), name.parent].compactMap(\.self).filter(hasService)
    }

    /// Whether something lies below a name on behalf of a service there.
    func hasDescendants(_ name: DomainName) -> Bool { descendants[name] != nil }

    /// Whether something with a better right than an instance stands at a name: a service, an SRV form or the name server.
    private func isTaken(_ name: DomainName) -> Bool {
        hasService(at: name) || serviceWithForm(name).map(hasService) ?? false || name == nameServer
    }

    /// What has to be taken in for the zone to hold what a registry says.
    func difference(to registry: Registry) -> RegistryChange {
        var change = RegistryChange()
        for known in services.values {
            for (name, service) in known where registry.services[name] != service { change.services[name] = .some(registry.services[name]) }
        }
        for name in unreachable where registry.services[name] == nil { change.services[name] = .some(nil) }
        for (name, service) in registry.services where change.services[name] == nil {
            guard let owner = ServiceNaming.owner(of: name, in: origin), services[owner]?[name] != nil else {
                change.services[name] = service
                continue
            }
        }
        return change
    }

    /// The name of each provider of a service, in their order: the plain label where it is free, else the digest; nil where neither can be
    /// had. The older znode takes a name first.
    func instanceNames(of service: MergedService, at owner: DomainName) -> [DomainName?] {
        var taken: Set<DomainName> = []
        return service.members.map { member in
            for makeLabel in [ServiceNaming.label, ServiceNaming.digestLabel] {
                guard let name = owner.prepending(makeLabel(member.instance)), !isTaken(name) else { continue }
                if taken.insert(name).inserted { return name }
            }
            return nil
        }
    }
}

extension ZoneContent {
    /// What a change did to the names of the zone.
    struct Effect {
        /// The services at these names are new, gone or different.
        var changed: Set<DomainName> = []
        /// Names that lie, or no longer lie, between others and the origin.
        var between: Set<DomainName> = []
        /// Services that have just turned out to be unreachable.
        var unreachable: [ServiceName] = []
    }

    /// Takes in a service's new state; nil if it is gone.
    mutating func set(_ name: ServiceName, to service: Service?, _ effect: inout Effect) {
        guard let owner = ServiceNaming.owner(of: name, in: origin) else {
            if service == nil {
                unreachable.remove(name)
            } else if unreachable.insert(name).inserted {
                effect.unreachable.append(name)
            }
            return
        }
        let existed = hasService(at: owner)
        services[owner, default: [:]][name] = service
        if services[owner]?.isEmpty == true { services[owner] = nil }
        if let known = services[owner], known.isUnknown { unknown.insert(owner) } else { unknown.remove(owner) }
        effect.changed.insert(owner)
        if existed != hasService(at: owner) { existenceChanged(of: owner, &effect) }
    }

    /// A service came or went: names between change, and those services are compiled again that had to give way to it, or have to now.
    private mutating func existenceChanged(of owner: DomainName, _ effect: inout Effect) {
        let forms = ServiceNaming.protocols.compactMap { ServiceNaming.srvForm(of: owner, $0, in: origin) }
        let step = hasService(at: owner) ? 1 : -1
        for name in [owner] + forms {
            for ancestor in ServiceNaming.ancestors(of: name, below: origin) {
                let count = (descendants[ancestor] ?? 0) + step
                descendants[ancestor] = count == 0 ? nil : count
                effect.between.insert(ancestor)
            }
            // An instance of this name.
            if let parent = name.parent, hasService(at: parent) { effect.changed.insert(parent) }
        }
        if let plain = serviceWithForm(owner), hasService(at: plain) { effect.changed.insert(plain) }
    }

    /// The service whose SRV form a name would be.
    private func serviceWithForm(_ name: DomainName) -> DomainName? {
        // Most names are no such form, and every instance's is looked at.
        guard name.octets.count > 1, name.octets[1] == UInt8(ascii: "_") else { return nil }
        var labels = name.labels.dropLast(origin.labels.count).map(Array.init)
        guard labels.count >= 2, let last = labels.popLast(), ServiceNaming.protocols.contains(where: { $0.utf8.elementsEqual(last) }),
            labels[0].first == UInt8(ascii: "_")
        else { return nil }
        labels[0].removeFirst()
        return DomainName(labels: labels)?.appending(origin)
    }
}

extension [ServiceName: Service] {
    /// Whether nothing is known of services that share a name.
    fileprivate var isUnknown: Bool {
        values.contains { $0.reach == .unknown } && values.allSatisfy { $0.reach == .unknown || $0.count == 0 }
    }
}
