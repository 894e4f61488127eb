import DNSSecurity
import IPAddressing

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
}
