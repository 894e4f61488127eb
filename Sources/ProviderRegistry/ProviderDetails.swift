/// What a provider offers beyond host, port, weight and priority. By reference, as few of a million providers have any.
package final class ProviderDetails: Sendable {
    /// Whether it is to be used.
    package let status: ProviderStatus
    /// Its ports by name, in the order of its document, at most 32, at most 8 with hosts of their own; no two have the same name: 1 to 62
    /// letters in lower case, digits, `-` and `_`.
    package let ports: [NamedPort]
    /// What its registrant says of it: at most 64 texts by key. A key with its text and `=` between them has at most 255 octets, all
    /// have at most 8 KiB.
    package let attributes: [String: String]
    /// The part of the network or of the world where it is: labels of printable ASCII with dots between them, of at most 127 octets; nil if
    /// that is not said.
    package let zone: String?
    /// The protocols that it speaks at its port, as TLS names them (RFC 7301 §6): at most 8, of 128 octets together.
    package let alpn: [String]
    /// The TTL that its registrant asks for, in seconds, 1 to 2³¹ - 1; nil for the zone's.
    package let ttl: UInt32?

    package init(
        status: ProviderStatus = .up, ports: [NamedPort] = [], attributes: [String: String] = [:], zone: String? = nil,
        alpn: [String] = [], ttl: UInt32? = nil
    ) {
        (self.status, self.ports, self.attributes) = (status, ports, attributes)
        (self.zone, self.alpn, self.ttl) = (zone, alpn, ttl)
    }
}

extension ProviderDetails {
    /// How many plain providers cost as much to compile as these details, about.
    var cost: Int { 2 * ports.count + attributes.count / 3 + (zone == nil ? 0 : 6) + (alpn.isEmpty ? 0 : 2) }
}

extension ProviderDetails: Hashable {
    package static func == (left: ProviderDetails, right: ProviderDetails) -> Bool {
        left === right
            || left.status == right.status && left.ports == right.ports && left.attributes == right.attributes && left.zone == right.zone
                && left.alpn == right.alpn && left.ttl == right.ttl
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(status)
        hasher.combine(ports)
        hasher.combine(attributes)
        hasher.combine(zone)
        hasher.combine(alpn)
        hasher.combine(ttl)
    }
}

/// Whether a provider is to be used.
package enum ProviderStatus: String, Hashable, Sendable, CaseIterable {
    /// It is.
    case up
    /// New clients leave it alone; those that know it by its own name find it still.
    case draining
    /// No client is to find it.
    case down
}

/// One of several ports of a provider.
package struct NamedPort: Hashable, Sendable {
    /// What it is for, such as `http`.
    package let name: String
    /// The port, 1 to 65535.
    package let port: UInt16
    /// The machine, if it is not the provider's host.
    package let host: ProviderHost?

    package init(name: String, port: UInt16, host: ProviderHost? = nil) { (self.name, self.port, self.host) = (name, port, host) }
}
