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
    private func services(at name: DomainName) -> [Service] {
        if let only = names.onlyService(at: name) { return registry.services[only].map { [$0] } ?? [] }
        return names.services(at: name).compactMap { registry.services[$0] }
    }

    /// The merged service at a name; nil if there is none.
    func service(at name: DomainName) -> MergedService? {
        let services = services(at: name)
        return services.isEmpty ? nil : MergedService(services)
    }

    /// The services at their names, each with the number of its providers.
    var all: [(owner: DomainName, providers: Int)] {
        Set(registry.services.keys.compactMap { ServiceNaming.owner(of: $0, in: origin) }).map { ($0, providerCount(at: $0)) }
    }

    /// Whether nothing is known of a name: a service of which nothing is known stands there, or right above where no service does.
    func isUnknown(_ name: DomainName) -> Bool {
        guard !unknown.isEmpty else { return false }
        return unknown.contains(name) || !names.hasService(at: name) && name.parent.map(unknown.contains) ?? false
    }

    /// How many providers the services at a name have, twins included.
    func providerCount(at name: DomainName) -> Int { names.services(at: name).reduce(0) { $0 + (registry.services[$1]?.count ?? 0) } }

    /// The hosts of the services at a name.
    struct Hosts {
        /// Those that the services offer, each once.
        var offered: [ProviderHost] = []
        /// Further ones that have names: of providers that drain, and of ports.
        var others: [ProviderHost] = []
        /// Whether some may be out of date.
        var areHeld = false
    }

    /// The hosts that the services at a name have; nil if there is no service.
    func hosts(at name: DomainName) -> Hosts? {
        guard names.hasService(at: name) else { return nil }
        let known = services(at: name).filter { $0.reach != .unknown }
        var offered: Set<ProviderHost> = []
        var others: Set<ProviderHost> = []
        for service in known {
            func add(_ provider: Provider) {
                if provider.status == .up { offered.insert(provider.host) }
                if provider.details != nil { others.formUnion(provider.namedHosts) }
            }
            for registration in service.registrations.values { add(registration.provider) }
            for held in service.held { add(held.provider) }
        }
        let areHeld = known.contains { $0.reach != .current || !$0.held.isEmpty }
        return Hosts(offered: Array(offered), others: Array(others), areHeld: areHeld)
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
        /// Names of several services, or of the rest of several, that are still to be looked at: once, however many services share one.
        fileprivate var shared: Set<DomainName> = []
        /// The services at these names are new.
        var new: [DomainName] = []
        /// Services that have just turned out to be unreachable.
        var unreachable: [ServiceName] = []
    }

    /// Puts a registry in the place of what was known.
    mutating func replace(with new: Registry) -> Effect {
        guard registry.services.isEmpty else { return apply(difference(to: new)) }
        registry = new
        names.reserve(services: new.services.count)
        var effect = Effect()
        effect.changed.reserveCapacity(new.services.count)
        for (name, service) in new.services { note(name, service, isKnown: false, &effect) }
        lookAtShared(&effect)
        return effect
    }

    /// Takes in what is different in the registry.
    mutating func apply(_ change: RegistryChange) -> Effect {
        var effect = Effect()
        effect.changed.reserveCapacity(change.services.count)
        for (name, service) in change.services {
            let isKnown = registry.services[name] != nil
            registry.services[name] = service
            note(name, service, isKnown: isKnown, &effect)
        }
        lookAtShared(&effect)
        return effect
    }

    private mutating func lookAtShared(_ effect: inout Effect) {
        for owner in effect.shared {
            effect.changed.append((owner, providerCount(at: owner)))
            noteUnknown(owner)
        }
    }

    /// Notes that a service of the registry has a new state; nil if it is gone.
    private mutating func note(_ name: ServiceName, _ service: Service?, isKnown: Bool, _ effect: inout Effect) {
        guard let owner = ServiceNaming.owner(of: name, in: origin) else {
            if service == nil {
                unreachable.remove(name)
            } else if unreachable.insert(name).inserted {
                effect.unreachable.append(name)
            }
            return
        }
        if let service, !isKnown, names.insert(name, at: owner) {
            effect.new.append(owner)
            for neighbour in names.neighbours(of: owner) { append(neighbour, to: &effect) }
            effect.changed.append((owner, service.count))
        } else {
            if service == nil, names.remove(name, at: owner) {
                for neighbour in names.neighbours(of: owner) { append(neighbour, to: &effect) }
            } else if service == nil, names.hasService(at: owner) {
                effect.shared.insert(owner)
            }
            append(owner, to: &effect)
        }
        if service?.reach == .unknown || !unknown.isEmpty, !effect.shared.contains(owner) { noteUnknown(owner) }
    }

    private func append(_ owner: DomainName, to effect: inout Effect) {
        if names.services(at: owner).count > 1 {
            effect.shared.insert(owner)
        } else {
            effect.changed.append((owner, providerCount(at: owner)))
        }
    }

    /// Notes whether nothing is known of the services at a name. O(services there).
    private mutating func noteUnknown(_ owner: DomainName) {
        if isUnknown(services(at: owner)) { unknown.insert(owner) } else { unknown.remove(owner) }
    }

    /// Whether nothing is known of services that share a name.
    private func isUnknown(_ services: [Service]) -> Bool {
        services.contains { $0.reach == .unknown } && services.allSatisfy { $0.reach == .unknown || $0.count == 0 }
    }
}

extension Provider {
    /// The hosts that its names have: its own, and those of its ports.
    package var namedHosts: [ProviderHost] { status == .down ? [] : [host] + (details?.ports.compactMap(\.host) ?? []) }
}
