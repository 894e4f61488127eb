import DNSAuthority
import ProviderRegistry

/// A service as JSON, for scripts and pages.
struct ServiceAnswer: Encodable {
    /// The service's domain name.
    let name: String
    let zone: String
    /// `current` or `stale`.
    let status: String
    /// Whether there is such a service.
    let exists: Bool
    /// The names of its znodes.
    let services: [String]
    /// The port by whose name it was asked for.
    let port: String?
    let providers: [Provider]

    /// A provider that is up or draining.
    struct Provider: Encodable {
        let instance: String
        let host: String
        let port: UInt16
        /// As the zone has them; nil while they are not known.
        let addresses: [String]?
        let priority: UInt16
        let weight: UInt16
        let status: String
        let held: Bool
        let zone: String?
        let ports: [String: UInt16]?
        let attributes: [String: String]?
        let alpn: [String]?
    }

    /// A service of a zone that is answered from.
    init(_ service: ServedService) {
        self.init(service.owner.plainText, service.zone, service)
    }

    /// What is said of a name in a zone that is no service's.
    init(missing name: String, in zone: ServedServices.PushedZone) { self.init(name, zone, nil) }

    private init(_ name: String, _ zone: ServedServices.PushedZone, _ service: ServedService?) {
        (self.name, self.zone) = (BoundedText.cut(name), zone.origin.plainText)
        status = zone.served.status.text
        exists = service != nil
        services = service?.names.map { BoundedText.cut($0.text) } ?? []
        port = service?.port
        providers = (service?.providers ?? []).map { Provider($0, addresses: service?.addresses(of: $0)?.map(\.text)) }
    }
}

extension ServiceAnswer.Provider {
    fileprivate init(_ provider: ServedProvider, addresses: [String]?) {
        let details = provider.provider.details
        self.init(
            instance: BoundedText.cut(provider.instance.text), host: provider.host.text, port: provider.port, addresses: addresses,
            priority: provider.provider.priority, weight: provider.provider.weight, status: provider.provider.status.rawValue,
            held: provider.isHeld, zone: details?.zone,
            ports: details.flatMap { details in
                details.ports.isEmpty ? nil : Dictionary(details.ports.map { ($0.name, $0.port) }) { first, _ in first }
            },
            attributes: details.flatMap { $0.attributes.isEmpty ? nil : $0.attributes },
            alpn: details.flatMap { $0.alpn.isEmpty ? nil : $0.alpn })
    }
}
