import DNSAuthority
import IPAddressing

/// How many queries wait, of all clients and of each. A client may have as many as there are places left: one alone takes half, and however
/// many clients take all that they can get, each next one finds room.
struct ClientShares {
    private let limit: Int
    private(set) var total = 0
    private var counts: [UInt64: Int] = [:]

    init(limit: Int) { self.limit = limit }

    /// Takes a place for a query; false if there is none for its client.
    mutating func add(_ query: DeferredQuery) -> Bool {
        let own = counts[query.sharer, default: 0]
        guard own < limit - total else { return false }
        counts[query.sharer] = own + 1
        total += 1
        return true
    }

    /// Gives a query's place back.
    mutating func remove(_ query: DeferredQuery) {
        guard let own = counts[query.sharer] else { return }
        counts[query.sharer] = own > 1 ? own - 1 : nil
        total -= 1
    }
}

extension DeferredQuery {
    /// The client's address.
    var clientAddress: IPAddress {
        // Before an IPv6 address there are four octets for flows.
        isIPv6
            ? .v6(IPv6Address(value: client.dropFirst(4).prefix(16).reduce(0) { $0 << 8 | UInt128($1) }))
            : .v4(IPv4Address(value: client.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }))
    }

    /// Equal for those who share a place: an IPv4 address, or the 64 bits of an IPv6 address that stand for one network (RFC 4291 §2.5.4).
    fileprivate var sharer: UInt64 {
        switch clientAddress {
        case .v4(let address): 1 << 32 | UInt64(address.value)
        case .v6(let address): UInt64(address.value >> 64)
        }
    }
}
