import ProviderRegistry

/// A provider as the registry has it.
///
/// ```swift
/// for provider in await directory.providers(of: "second") { print(provider.host, provider.port) }
/// ```
public struct DiscoveredProvider: Hashable, Codable, Sendable {
    /// The name of its znode.
    public let instance: String
    /// A host name in lower case without a final dot, or an address, IPv6 without brackets.
    public let host: String
    /// Its port, 1 to 65535.
    public let port: UInt16
    /// How often it is to be chosen in relation to others of the same priority (RFC 2782).
    public let weight: UInt16
    /// Those with the lowest number are to be chosen first (RFC 2782).
    public let priority: UInt16

    init(_ member: MergedService.Member) {
        instance = member.instance.text
        host = member.provider.host.text
        port = member.provider.port
        weight = member.provider.weight
        priority = member.provider.priority
    }
}

extension DiscoveredProvider {
    /// `host:port` as it stands in a URL, an IPv6 address in brackets.
    ///
    /// ```swift
    /// let url = URL(string: "http://\(provider.authority)/")
    /// ```
    public var authority: String { Provider.authority(host, port) }
}

extension Collection<DiscoveredProvider> {
    /// One of the lowest priority, drawn by weight (RFC 2782, "Weight"); nil if there is none.
    func chosen(using random: inout some RandomNumberGenerator) -> DiscoveredProvider? {
        guard let priority = self.map(\.priority).min() else { return nil }
        let candidates = filter { $0.priority == priority }
        // Those of weight 0 first, in any order: then one of them is drawn only with 0.
        let ordered = candidates.filter { $0.weight == 0 }.shuffled(using: &random) + candidates.filter { $0.weight > 0 }
        var left = UInt64.random(in: 0...ordered.reduce(0) { $0 + UInt64($1.weight) }, using: &random)
        for candidate in ordered {
            if left <= candidate.weight { return candidate }
            left -= UInt64(candidate.weight)
        }
        return ordered.last
    }
}
