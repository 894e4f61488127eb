import DNSAuthority
import ProviderRegistry

/// The providers of services as Prometheus's `http_sd_configs` takes them.
struct ScrapeTargets {
    /// What every label's name begins with; Prometheus drops labels of such names after relabelling.
    private static let prefix = "__meta_zoodns_"

    /// A target group for each provider of a service.
    static func groups(_ service: ServedService) -> some Sequence<String> {
        let (zone, name) = (service.zone.origin.plainText, service.names.map { BoundedText.cut($0.text) }.first ?? "")
        return service.providers.lazy.map { provider in
            let target = Provider.authority(provider.host.text, provider.port)
            let labels = labels(provider, zone: zone, service: name).map { "\(PushedText.quoted(prefix + $0)):\(PushedText.quoted($1))" }
            return #"{"targets":[\#(PushedText.quoted(target))],"labels":{\#(labels.joined(separator: ","))}}"#
        }
    }

    /// The labels of a provider, our own first: an attribute or a port whose label is taken has none.
    private static func labels(_ provider: ServedProvider, zone: String, service: String) -> [(name: String, value: String)] {
        let details = provider.provider.details
        var labels = [
            ("zone", zone), ("service", service), ("instance", BoundedText.cut(provider.instance.text)), ("host", provider.host.text),
            ("port", "\(provider.port)"), ("priority", "\(provider.provider.priority)"), ("weight", "\(provider.provider.weight)"),
            ("status", provider.provider.status.rawValue), ("held", "\(provider.isHeld)"), ("availability_zone", details?.zone ?? ""),
        ]
        var taken = Set(labels.map(\.0))
        let ports = (details?.ports ?? []).map { ("port_" + labelName($0.name), "\($0.port)") }
        let attributes = (details?.attributes ?? [:]).sorted { $0.key < $1.key }.map { (labelName($0.key), $0.value) }
        for label in ports + attributes where taken.insert(label.0).inserted { labels.append(label) }
        return labels
    }

    /// A text as a part of a label's name: letters, digits and `_`, any other character as `_`.
    static func labelName(_ text: String) -> String {
        let characters = text.unicodeScalars.map { scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9": Character(scalar)
            default: "_"
            }
        }
        return String(characters)
    }
}

/// The groups of all services of zones as a JSON array, in pieces for those who read it slowly.
struct ScrapeTargetPieces {
    private let services: ServedServices
    private let port: String?
    private var rest: ArraySlice<(zone: ServedServices.PushedZone, owner: DomainName)>
    private var hasBegun = false
    private var isOver = false

    /// Octets of a piece, or a service's more.
    private static let length = 64 << 10

    /// Of each provider the port of this name, if one is given.
    init(_ services: ServedServices, _ zones: [ServedServices.PushedZone], port: String?) {
        (self.services, self.port) = (services, port)
        rest = zones.flatMap { zone in services.owners(in: zone).map { (zone, $0) } }[...]
    }

    /// The next piece; nil at the end.
    mutating func next() -> String? {
        guard !isOver else { return nil }
        var piece = ""
        while piece.utf8.count < Self.length, let (zone, owner) = rest.popFirst() {
            for group in ScrapeTargets.groups(services.service(at: owner, in: zone, port: port)) {
                piece += (hasBegun ? ",\n" : "[") + group
                hasBegun = true
            }
        }
        guard rest.isEmpty else { return piece }
        isOver = true
        return piece + (hasBegun ? "]\n" : "[]\n")
    }
}
