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

    /// Most factors of one vector.
    private static let mostFactors = 64
    /// Most vectors of a service that count.
    static let mostVectors = 8
    /// The highest factor; what is beyond is cut down to it.
    private static let highest = 1e6
    /// The weight of a provider that factors leave at 1, so that fractions differ.
    private static let unit = 100.0

    package init() {}

    /// All that the vectors of a service say: the first of them by name.
    init(_ vectors: [InstanceName: WeightVector]) {
        // In one order, as products of fractions depend on it.
        for (_, vector) in vectors.sorted(by: { $0.key < $1.key }).prefix(Self.mostVectors) {
            for (selector, factor) in vector.factors { multiply(selector, by: factor) }
        }
    }

    /// Reads `{"vector": [{"select": "inet=HOST:PORT" | "member=NAME" | "shard=NUMBER", "weight": FACTOR}]}`; as Finagle does, it leaves
    /// out what it cannot read. Throws for too many factors: a part of them would mean something else.
    init(_ document: JSONObject) throws(ProviderDocument.Rejection) {
        guard case .array(let entries) = document["vector"] else { return }
        for case .object(let entry) in entries {
            guard case .string(let text) = entry["select"], let selector = Self.selector(text) else { continue }
            guard case .number(let number) = entry["weight"], let factor = Double(number), factor >= 0 else { continue }
            guard hasRoom(for: selector) else { throw .tooManyWeights }
            multiply(selector, by: factor)
        }
    }

    /// Whether a factor for these providers is within the bound of one vector.
    func hasRoom(for selector: Selector) -> Bool { factors.count < Self.mostFactors || factors[selector] != nil }

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
