/// What a znode of a service says of the weights of others: Finagle's `vector_` znodes.
package struct WeightVector: Hashable, Sendable {
    /// Which providers a weight is for.
    enum Selector: Hashable, Sendable {
        /// Those that are reached there.
        case offer(Provider.Offer)
        /// The one with this name.
        case member(InstanceName)
        /// Those whose attribute `shard` is this.
        case shard(String)
    }

    /// The factors; of several for the same providers, their product.
    private(set) var factors: [Selector: Double] = [:]

    /// The highest factor; what is beyond is cut down to it.
    private static let highest = 1e6
    /// The weight of a provider that factors leave at 1, so that fractions can be told apart.
    private static let unit = 100.0

    package init() {}

    /// All that several vectors say.
    init(_ vectors: some Sequence<WeightVector>) {
        for vector in vectors {
            for (selector, factor) in vector.factors { multiply(selector, by: factor) }
        }
    }

    /// Reads `{"vector": [{"select": "inet=HOST:PORT" | "member=NAME" | "shard=NUMBER", "weight": FACTOR}]}`; as Finagle does, it leaves
    /// out what it cannot read.
    init(_ document: JSONObject) {
        guard case .array(let entries) = document["vector"] else { return }
        for case .object(let entry) in entries {
            guard case .string(let text) = entry["select"], let selector = Self.selector(text) else { continue }
            guard case .number(let number) = entry["weight"], let factor = Double(number), factor >= 0 else { continue }
            multiply(selector, by: factor)
        }
    }

    /// Takes in a factor, of at least 0.
    mutating func multiply(_ selector: Selector, by factor: Double) {
        factors[selector] = min(factors[selector, default: 1] * min(factor, Self.highest), Self.highest)
    }

    private static func selector(_ text: String) -> Selector? {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2 else { return nil }
        switch sides[0] {
        case "inet": return Endpoint(sides[1]).map { .offer(Provider.Offer(host: $0.host, port: $0.port)) }
        case "member": return .member(InstanceName(String(sides[1])))
        case "shard": return .shard(String(sides[1]))
        default: return nil
        }
    }

    /// The weight of a provider, 100 times its own if no factor is for it; 0 only if its own or a factor is.
    func weight(of instance: InstanceName, _ provider: Provider) -> UInt16 {
        var weight = Double(provider.weight) * Self.unit
        weight *= factors[.offer(provider.offer)] ?? 1
        weight *= factors[.member(instance)] ?? 1
        if let shard = provider.details?.attributes["shard"] { weight *= factors[.shard(shard)] ?? 1 }
        return weight == 0 ? 0 : UInt16(max(1, min(weight, 65535)).rounded())
    }
}
