import IPAddressing

/// One running instance of a service: where it is to be reached.
package struct Provider: Hashable, Sendable {
    /// Its machine.
    package var host: ProviderHost
    /// Its port, 1 to 65535.
    package var port: UInt16
    /// How often it is chosen in relation to others of the same priority (RFC 2782); 0 to 65535.
    package var weight: UInt16
    /// Providers with the lowest number are chosen first (RFC 2782); 0 to 65535.
    package var priority: UInt16
    /// What else it offers; nil for what most providers are.
    package var details: ProviderDetails?

    /// A provider; weight and priority are those of a znode that names none.
    package init(host: ProviderHost, port: UInt16, weight: UInt16 = 1, priority: UInt16 = 0, details: ProviderDetails? = nil) {
        self.host = host
        self.port = port
        self.weight = weight
        self.priority = priority
        self.details = details
    }

    /// Whether it is to be used.
    package var status: ProviderStatus { details?.status ?? .up }
}

extension Provider {
    /// What makes two providers one, whatever their znodes are called.
    package struct Offer: Hashable, Sendable {
        let host: ProviderHost
        let port: UInt16

        /// In one step for what nearly all hosts are.
        package func hash(into hasher: inout Hasher) {
            guard case .ipv4(let address) = host else {
                host.hash(into: &hasher)
                return hasher.combine(port)
            }
            hasher.combine(UInt64(address.value) << 16 | UInt64(port))
        }
    }

    /// Where it is to be reached.
    package var offer: Offer { Offer(host: host, port: port) }

    /// A host and a port as they stand in a URL, an IPv6 address in brackets (RFC 3986 §3.2).
    package static func authority(_ host: String, _ port: UInt16) -> String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// The machine that a provider runs on.
package enum ProviderHost: Hashable, Sendable {
    /// An IPv4 literal.
    case ipv4(IPv4Address)
    /// An IPv6 literal.
    case ipv6(IPv6Address)
    /// A host name in lower case without a final dot: labels of letters, digits, `-` and `_`, 1 to 63 octets each, 253 in all.
    case name(String)

    /// Reads an address literal, IPv6 with or without brackets, or a host name with or without a final dot; nil for anything else.
    package init?(_ text: String) {
        if let address = IPv4Address(text) {
            self = .ipv4(address)
        } else if let address = IPv6Address(text) ?? Self.bracketed(text) {
            self = .ipv6(address)
        } else if let name = Self.hostName(text) {
            self = .name(name)
        } else {
            return nil
        }
    }

    /// The address or name, an IPv6 address without brackets.
    package var text: String {
        switch self {
        case .ipv4(let address): address.text
        case .ipv6(let address): address.text
        case .name(let name): name
        }
    }

    /// Whether it is a name, or an address that a host can have.
    package var isReachable: Bool {
        switch self {
        case .ipv4(let address): address.isHost
        case .ipv6(let address): address.isHost
        case .name: true
        }
    }

    private static func bracketed(_ text: String) -> IPv6Address? {
        guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
        return IPv6Address(String(text.dropFirst().dropLast()))
    }

    private static func hostName(_ text: String) -> String? {
        let name = text.hasSuffix(".") ? text.utf8.dropLast() : text.utf8[...]
        guard 1...253 ~= name.count else { return nil }
        let labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy({ 1...63 ~= $0.count && $0.allSatisfy(\.isOfPlainName) }) else { return nil }
        // A last label of digits only makes it an address that is none (RFC 1123 §2.1).
        guard let last = labels.last, !last.allSatisfy({ 48...57 ~= $0 }) else { return nil }
        return String(decoding: name.map { 65...90 ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}

extension UInt8 {
    /// Whether it is a letter, a digit, `-` or `_`, which labels of hosts and names of ports have.
    var isOfPlainName: Bool {
        switch self {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
