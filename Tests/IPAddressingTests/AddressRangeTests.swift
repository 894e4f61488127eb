import IPAddressing
import Testing

@Suite struct AddressRangeTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"), ("192.0.2.1", "192.0.2.1/32"), ("::/0", "::/0"), ("::1", "::1/128"),
        ("2001:DB8:0::/32", "2001:db8::/32"), ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("::ffff:0:0/96", "0.0.0.0/0"),
    ])
    func `a range is read and written with its length`(_ text: String, _ written: String) { #expect(AddressRange(text)?.text == written) }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/8 ", "10/8",
        "10.0.0.1/8", "[::]/0", "::/129", "2001:db8::1/32", "::ffff:0:0/95", "::ffff:10.0.0.0/64", "a/8", "10.0.0.0/99999999999999999999",
    ])
    func `anything else is refused`(_ text: String) { #expect(AddressRange(text) == nil) }

    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0", "10.255.255.255", ["9.255.255.255", "11.0.0.0", "::a00:1"]),
        ("192.0.2.128/25", "192.0.2.128", "192.0.2.255", ["192.0.2.127", "192.0.3.0"]),
        ("192.0.2.1/32", "192.0.2.1", "192.0.2.1", ["192.0.2.0", "192.0.2.2"]),
        ("0.0.0.0/0", "0.0.0.0", "255.255.255.255", ["::", "2001:db8::1"]),
        ("fe80::/10", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ["fec0::", "fe7f:ffff::", "254.128.0.0"]),
        ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ["10.0.0.1", "::ffff:10.0.0.1"]),
    ])
    func `it holds what is between its ends`(_ text: String, _ first: String, _ last: String, _ outside: [String]) throws {
        let range = try #require(AddressRange(text))
        #expect(range.first == IPAddress(first) && range.last == IPAddress(last))
        #expect(range.contains(range.first) && range.contains(range.last))
        for address in outside { #expect(!range.contains(try #require(IPAddress(address))), "\(address)") }
    }

    @Test func `a mapped address is the IPv4 address`() throws {
        #expect(try #require(AddressRange("10.0.0.0/8")).contains(try #require(IPAddress("::ffff:10.1.2.3"))))
        #expect(try #require(AddressRange("::ffff:10.0.0.0/104")).contains(try #require(IPAddress("10.1.2.3"))))
        #expect(AddressRange("::ffff:10.1.2.3") == AddressRange("10.1.2.3"))
    }
}
