import DNSAuthority
import ProviderRegistry
import ZooKeeperClient

/// A zone's origin and where its registry is.
struct ZoneSource: Hashable {
    let origin: DomainName
    let layout: RegistryLayout

    /// Reads `svc.local=/providers`; nil if the origin is no domain name, leaves no room for `hostmaster` in front of it, or the path is none.
    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let name = text[..<equals]
        guard name.utf8.allSatisfy(Self.isPlain), let origin = DomainName(text: name), origin != .root,
            origin.prepending(Array("hostmaster".utf8)) != nil,
            let path = ZnodePath(String(text[text.index(after: equals)...]))
        else { return nil }
        self.origin = origin
        layout = RegistryLayout(root: path.text)
    }

    private static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
