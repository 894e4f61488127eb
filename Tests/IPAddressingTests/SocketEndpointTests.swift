import IPAddressing
import Testing

@Suite struct SocketEndpointTests {
    @Test(arguments: ["10.0.0.1:53", "[2001:db8::1]:53", "0.0.0.0:0"])
    func `an endpoint reads what it writes`(_ text: String) { #expect(SocketEndpoint(text)?.text == text) }

    @Test(arguments: [
        "", ":53", "10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1", "::1:53", "[10.0.0.1]:53", "[::1]53", "[::1", "a:53",
        "010.0.0.1:1",
    ])
    func `anything else is refused`(_ text: String) { #expect(SocketEndpoint(text) == nil) }

    @Test func `a scope is read where it may be`() {
        #expect(SocketEndpoint("[fe80::1%eth0]:53", allowsScope: true)?.scope == "eth0")
        #expect(SocketEndpoint("[fe80::1%eth0]:53", allowsScope: true)?.text == "[fe80::1%eth0]:53")
        #expect(SocketEndpoint("[fe80::1%eth0]:53") == nil)
        for text in [
            "[fe80::1%]:53", "[fe80::1%a/b]:53", "[fe80::1%sixteen-letters-]:53", "[%eth0]:53", "10.0.0.1%eth0:53", "[fe80::1% ]:53",
        ] {
            #expect(SocketEndpoint(text, allowsScope: true) == nil)
        }
    }

    @Test func `a default port fills in`() { #expect(SocketEndpoint("[::1]", defaultPort: 53)?.text == "[::1]:53") }
}
