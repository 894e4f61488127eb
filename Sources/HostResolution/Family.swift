import IPAddressing

/// A family of addresses, by the type of record that holds them.
enum Family: CaseIterable, Hashable, Sendable {
    /// A records (RFC 1035 §3.4.1).
    case ipv4
    /// AAAA records (RFC 3596 §2.1).
    case ipv6
}

extension IPAddress {
    /// The type of record that holds addresses of the family.
    var family: Family {
        switch self {
        case .v4: .ipv4
        case .v6: .ipv6
        }
    }
}

/// A value for each family.
struct PerFamily<Value> {
    var ipv4: Value
    var ipv6: Value

    init(_ value: Value) { (ipv4, ipv6) = (value, value) }

    subscript(_ family: Family) -> Value {
        get {
            switch family {
            case .ipv4: ipv4
            case .ipv6: ipv6
            }
        }
        set {
            switch family {
            case .ipv4: ipv4 = newValue
            case .ipv6: ipv6 = newValue
            }
        }
    }

    /// Both.
    var values: [Value] { [ipv4, ipv6] }
}

extension PerFamily: Sendable where Value: Sendable {}

/// The outcome of a host's look-up in one family.
enum Outcome: Hashable, Sendable {
    /// Addresses of the family, good for so many seconds.
    case addresses([IPAddress], ttl: Int)
    /// The host has none, which is good for so many seconds. It is no certainty where a name server on the way failed.
    case none(ttl: Int, isCertain: Bool)
    /// No name server gives an answer.
    case failed
    /// Name servers repeat what this server itself answers: what is known ends at once, where a failure would keep it.
    case own
}

/// How long an outcome is kept, in seconds.
enum Lifetime {
    /// Least and most, whatever the TTL.
    static let range = 1...300
    /// How long it is kept that a host has no addresses where no SOA record says so (RFC 2308 §5).
    static let negative = 10
    /// How long what no name server says is kept, which has no TTL: a change of the hosts file ends it.
    static let local = range.upperBound

    /// A TTL, clamped to the range.
    static func clamped(_ ttl: Int) -> Int { min(max(ttl, range.lowerBound), range.upperBound) }
}
