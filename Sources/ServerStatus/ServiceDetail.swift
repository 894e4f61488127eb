import DNSAuthority
import ProviderRegistry
import ZoneCompilation

/// One service with its providers.
struct ServiceDetail: Encodable, Sendable {
    let zone: String
    let name: String
    /// Its domain name; nil if it cannot have one.
    let domain: String?
    /// Its znode's path.
    let path: String
    /// `current`, `lost` or `unknown`.
    let reach: String
    /// How many providers there are, held ones included.
    let total: Int
    /// The first of them: the held ones, then the others by the names of their znodes.
    let providers: [Provider]

    /// A provider.
    struct Provider: Encodable, Sendable {
        let instance: String
        let host: String
        let port: UInt16
        let weight: UInt16
        let priority: UInt16
        /// `up`, `draining` or `down`.
        let status: String
        /// Until when it is held; nil if its znode is there.
        let held: HeldUntil?
    }

    /// A service of a zone with at most so many providers; nil if there is none of this name.
    init?(
        _ name: ServiceName, in origin: DomainName, _ layout: RegistryLayout?, _ record: RegistryRecord, atMost limit: Int,
        at now: ContinuousClock.Instant
    ) {
        guard let service = record.registry.services[name] else { return nil }
        zone = origin.plainText
        self.name = name.text
        domain = ServiceNaming.owner(of: name, in: origin)?.plainText
        path = layout?.path(of: name) ?? name.text
        reach = service.reach.word
        total = service.count
        let held = service.held.sorted { $0.instance < $1.instance }.prefix(limit).map { provider in
            Provider(provider.instance, provider.provider, record.heldUntil(provider, of: name, at: now))
        }
        let registered = service.registrations.sorted { $0.key < $1.key }.prefix(limit - held.count).map { instance, registration in
            Provider(instance, registration.provider, nil)
        }
        providers = held + registered
    }
}

extension ServiceDetail.Provider {
    fileprivate init(_ instance: InstanceName, _ provider: ProviderRegistry.Provider, _ held: HeldUntil?) {
        self.init(
            instance: BoundedText.cut(instance.text), host: provider.host.text, port: provider.port, weight: provider.weight,
            priority: provider.priority, status: provider.status.rawValue, held: held)
    }
}

/// When a held provider goes.
struct HeldUntil: Codable, Equatable, Sendable {
    /// When, in milliseconds since 1970; nil while ZooKeeper is out of reach: its time stands still.
    let until: Int64?
    /// How many milliseconds within reach it has left.
    let left: Int
}

/// The held providers of all zones.
package struct HeldListing: Codable, Sendable {
    package let total: Int
    /// The first of them, by zone and service.
    package let entries: [Entry]

    /// A held provider.
    package struct Entry: Codable, Sendable {
        package let zone: String
        package let service: String
        package let instance: String
        package let host: String
        package let port: UInt16
        package let until: Int64?
        package let left: Int
    }

    /// What zones hold, at most so many of it.
    init(_ zones: [(origin: DomainName, record: RegistryRecord)], atMost limit: Int, at now: ContinuousClock.Instant) {
        total = zones.reduce(0) { $0 + $1.record.held.count }
        var entries: [Entry] = []
        for (origin, record) in zones {
            for name in record.held.services.sorted() {
                guard entries.count < limit else { break }
                let held = (record.registry.services[name]?.held ?? []).sorted { $0.instance < $1.instance }
                entries += held.prefix(limit - entries.count).map { provider in
                    let until = record.heldUntil(provider, of: name, at: now)
                    return Entry(
                        zone: origin.plainText, service: BoundedText.cut(name.text), instance: BoundedText.cut(provider.instance.text),
                        host: provider.provider.host.text, port: provider.provider.port, until: until.until, left: until.left)
                }
            }
        }
        self.entries = entries
    }
}

extension RegistryRecord {
    /// When a held provider of a service goes.
    fileprivate func heldUntil(_ provider: HeldProvider, of name: ServiceName, at now: ContinuousClock.Instant) -> HeldUntil {
        let left = held.left(provider, of: name, isLast: registry.services[name]?.registrations.isEmpty != false, at: now) ?? .zero
        return HeldUntil(until: held.isRunning ? WallTime.milliseconds(now + left) : nil, left: left.milliseconds)
    }
}
