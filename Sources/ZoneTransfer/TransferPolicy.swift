import DNSAuthority
import DNSSecurity
import IPAddressing
import Synchronization

/// Who may transfer zones, and with which keys messages are signed.
package struct TransferPolicy: Hashable, Sendable {
    /// Clients at these addresses may transfer zones.
    package var allowed: [AddressRange]
    /// Clients that sign with keys of these names, in wire form in lower case, may transfer zones.
    package var allowedKeys: Set<[UInt8]>
    /// All keys.
    package var keys: [TransactionKey]

    package init(allowed: [AddressRange] = [], allowedKeys: Set<[UInt8]> = [], keys: [TransactionKey] = []) {
        (self.allowed, self.allowedKeys, self.keys) = (allowed, allowedKeys, keys)
    }

    /// Whether a client may, by its address or by the key that it has signed with.
    func allows(_ client: IPAddress, key: TransactionKey?) -> Bool {
        allowed.contains { $0.contains(client) } || key.map { allowedKeys.contains($0.name) } ?? false
    }
}

/// Counts the transfers that are under way.
final class TransferLimit: Sendable {
    /// Most transfers of several messages at once: each holds a version of its zone with what later ones have
    /// dropped, some hundred kibibytes, and the octets of one name's records or of one difference, however many.
    static let most = 32

    private let count = Atomic(0)

    /// How many there are.
    var underWay: Int { count.load(ordering: .relaxed) }

    /// Counts one more until the permit is let go of; nil if there are enough.
    func permit() -> Permit? {
        guard count.add(1, ordering: .relaxed).newValue <= Self.most else {
            count.subtract(1, ordering: .relaxed)
            return nil
        }
        return Permit(self)
    }

    /// One transfer.
    final class Permit: Sendable {
        private let limit: TransferLimit

        fileprivate init(_ limit: TransferLimit) { self.limit = limit }

        deinit { limit.count.subtract(1, ordering: .relaxed) }
    }
}
