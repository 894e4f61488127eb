import DNSAuthority
import IPAddressing
import ProviderRegistry

/// What one zone holds of its registry, by domain name.
struct ZoneContent {
    /// Which names there are for services.
    private(set) var names: NameTable
    /// The services, those included whose names cannot be domain names.
    private var registry = Registry()
    /// Services whose names cannot be domain names, or have too many labels.
    private var unreachable: Set<ServiceName> = []
    /// Names at which services stand of which nothing is known.
    private(set) var unknown: Set<DomainName> = []

    init(origin: DomainName) { names = NameTable(origin: origin) }

    /// The zone's origin.
    var origin: DomainName { names.origin }

    /// The services at a name.
    private func services(at name: DomainName) -> [Service] { names.services(at: name).compactMap { registry.services[$0] } }

    /// The merged service at a name; nil if there is none.
    func service(at name: DomainName) -> MergedService? {
        let services = services(at: name)
        return services.isEmpty ? nil : MergedService(services)
    }

    /// Whether nothing is known of a name: a service of which nothing is known stands there, or right above where no service does.
    func isUnknown(_ name: DomainName) -> Bool {
        guard !unknown.isEmpty else { return false }
        return unknown.contains(name) || !names.hasService(at: name) && name.parent.map(unknown.contains) ?? false
    }

    /// How many providers the services at a name have, twins included.
    func providerCount(at name: DomainName) -> Int { names.services(at: name).reduce(0) { $0 + (registry.services[$1]?.count ?? 0) } }

    /// The hosts that the services at a name have, each once, and whether some may be out of date; nil if there is no service.
    func hosts(at name: DomainName) -> (hosts: [ProviderHost], isHeld: Bool)? {
        guard names.hasService(at: name) else { return nil }
        let known = services(at: name).filter { $0.reach != .unknown }
        let isHeld = known.contains { $0.reach != .current || !$0.held.isEmpty }
        var hosts: Set<ProviderHost> = []
        for service in known {
            hosts.formUnion(service.registrations.values.lazy.map(\.provider.host))
            hosts.formUnion(service.held.lazy.map(\.provider.host))
        }
        return (Array(hosts), isHeld)
    }

    /// What has to be taken in for the zone to hold what a registry says.
    private func difference(to new: Registry) -> RegistryChange {
        var change = RegistryChange()
        for (name, service) in registry.services where new.services[name] != service { change.services[name] = .some(new.services[name]) }
        for (name, service) in new.services where registry.services[name] == nil { change.services[name] = service }
        return change
    }
}

extension ZoneContent {
    /// What a change did to the services of the zone.
    struct Effect {
        /// The services at these names are new, gone or different, each with the number of its providers; one may stand here more than once.
        var changed: [(owner: DomainName, providers: Int)] = []
        /// The services at these names are new.
        var new: [DomainName] = []
        /// Services that have just turned out to be unreachable.
        var unreachable: [ServiceName] = []
    }

    /// Puts a registry in the place of what was known.
    mutating func replace(with new: Registry) -> Effect {
        guard registry.services.isEmpty else { return apply(difference(to: new)) }
        registry = new
        var effect = Effect()
        effect.changed.reserveCapacity(new.services.count)
        for (name, service) in new.services { note(name, service, &effect) }
        return effect
    }

    /// Takes in what is different in the registry.
    mutating func apply(_ change: RegistryChange) -> Effect {
        var effect = Effect()
        effect.changed.reserveCapacity(change.services.count)
        for (name, service) in change.services {
            registry.services[name] = service
            note(name, service, &effect)
        }
        return effect
    }

    /// Notes that a service of the registry has a new state; nil if it is gone.
    private mutating func note(_ name: ServiceName, _ service: Service?, _ effect: inout Effect) {
        guard let owner = ServiceNaming.owner(of: name, in: origin) else {
            if service == nil {
                unreachable.remove(name)
            } else if unreachable.insert(name).inserted {
                effect.unreachable.append(name)
            }
            return
        }
        var providers: Int?
        if let service {
            if names.insert(name, at: owner) {
                effect.new.append(owner)
                append(names.neighbours(of: owner), to: &effect)
                providers = service.count
            }
        } else if names.remove(name, at: owner) {
            append(names.neighbours(of: owner), to: &effect)
        }
        effect.changed.append((owner, providers ?? providerCount(at: owner)))
        guard service?.reach == .unknown || !unknown.isEmpty else { return }
        if isUnknown(services(at: owner)) { unknown.insert(owner) } else { unknown.remove(owner) }
    }

    private func append(_ owners: [DomainName], to effect: inout Effect) {
        for owner in owners { effect.changed.append((owner, providerCount(at: owner))) }
    }

    /// Whether nothing is known of services that share a name.
    private func isUnknown(_ services: [Service]) -> Bool {
        services.contains { $0.reach == .unknown } && services.allSatisfy { $0.reach == .unknown || $0.count == 0 }
    }
}
