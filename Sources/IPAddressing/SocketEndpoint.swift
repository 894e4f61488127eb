/// An address with a port, as `listen`, `connect` and name servers take them.
package struct SocketEndpoint: Hashable, Sendable {
    /// The host.
    package var address: IPAddress
    /// The port; 0 lets the kernel choose where one listens.
    package var port: UInt16
    /// The network interface, by name or number, that an IPv6 address belongs to (RFC 4007 §11); nil for none.
    package var scope: String?

    /// Octets of an interface's name at most. The C constant is `IFNAMSIZ`, with a final NUL.
    private static let longestScope = 15

    package init(address: IPAddress, port: UInt16, scope: String? = nil) {
        self.address = address
        self.port = port
        self.scope = scope
    }

    /// `10.0.0.1:53` or `[2001:db8::1]:53`, with `allowsScope` `[fe80::1%eth0]:53` too; without `defaultPort` the port must be there. Nil for
    /// anything else.
    package init?(_ text: String, defaultPort: UInt16? = nil, allowsScope: Bool = false) {
        let host: Substring
        let rest: Substring
        var scope: String?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let inside = text[text.index(after: text.startIndex)..<end]
            let percent = allowsScope ? inside.firstIndex(of: "%") : nil
            host = inside[..<(percent ?? inside.endIndex)]
            rest = text[text.index(after: end)...]
            if let percent {
                let name = String(inside[inside.index(after: percent)...])
                guard 1...Self.longestScope ~= name.utf8.count, name.utf8.allSatisfy({ 33...126 ~= $0 && $0 != UInt8(ascii: "/") }) else {
                    return nil
                }
                scope = name
            }
            guard IPv6Address(String(host)) != nil else { return nil }
        } else if let colon = text.firstIndex(of: ":"), text.firstIndex(of: ":") == text.lastIndex(of: ":") {
            host = text[..<colon]
            rest = text[colon...]
        } else {
            host = text[...]
            rest = ""
        }
        guard let address = IPAddress(String(host)) else { return nil }
        if rest.isEmpty {
            guard let defaultPort else { return nil }
            self.init(address: address, port: defaultPort, scope: scope)
        } else {
            let digits = rest.dropFirst()
            guard rest.first == ":", digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(digits) else { return nil }
            self.init(address: address, port: port, scope: scope)
        }
    }

    /// `10.0.0.1:53`, `[2001:db8::1]:53` or `[fe80::1%eth0]:53`.
    package var text: String {
        switch address {
        case .v4(let address): "\(address.text):\(port)"
        case .v6(let address): "[\(address.text)\(scope.map { "%" + $0 } ?? "")]:\(port)"
        }
    }
}
