/// An address with a port, as `listen`, `connect` and name servers take them.
package struct SocketEndpoint: Hashable, Sendable {
    /// The host.
    package var address: IPAddress
    /// The port; 0 lets the kernel choose where one listens.
    package var port: UInt16

    package init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// `10.0.0.1:53` or `[2001:db8::1]:53`; without `defaultPort` the port must be there. Nil for anything else.
    package init?(_ text: String, defaultPort: UInt16? = nil) {
        let host: Substring
        let rest: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
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
            self.init(address: address, port: defaultPort)
        } else {
            let digits = rest.dropFirst()
            guard rest.first == ":", digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(digits) else { return nil }
            self.init(address: address, port: port)
        }
    }

    /// `10.0.0.1:53` or `[2001:db8::1]:53`.
    package var text: String {
        switch address {
        case .v4(let address): "\(address.text):\(port)"
        case .v6(let address): "[\(address.text)]:\(port)"
        }
    }
}
