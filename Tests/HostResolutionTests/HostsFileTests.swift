import IPAddressing
import Testing

@testable import HostResolution

@Suite struct HostsFileTests {
    private func hosts(_ text: String) -> HostsFile { HostsFile(Array(text.utf8)) }

    private func addresses(_ hosts: HostsFile, _ host: String, takesLoopback: Bool = true) -> [String]? {
        hosts.addresses(of: host, takesLoopback: takesLoopback)?.map(\.text).sorted()
    }

    private static let lines: [(line: String, host: String, addresses: [String]?)] = [
        ("10.0.0.1 box", "box", ["10.0.0.1"]), ("10.0.0.1 a BOX", "box", ["10.0.0.1"]), ("  10.0.0.1\t \tbox\r", "box", ["10.0.0.1"]),
        ("10.0.0.1 box\r\n10.0.0.2 box\r\n", "box", ["10.0.0.1", "10.0.0.2"]), ("10.0.0.1\u{B}box\u{C}x", "box", ["10.0.0.1"]),
        ("10.0.0.1 box\n2001:db8::1 box", "box", ["10.0.0.1", "2001:db8::1"]), ("10.0.0.1 box.", "box", ["10.0.0.1"]),
        ("10.0.0.1 box..", "box", nil), ("10.0.0.1 a#box", "box", nil), ("10.0.0.1 box#x", "box", ["10.0.0.1"]),
        ("#10.0.0.1 box", "box", nil), ("10.0.0.1 a\0 box\n10.0.0.2 box", "box", ["10.0.0.2"]), ("10.0.0.1", "", nil),
        // As glibc: no address, no line.
        ("fe80::1%eth0 box", "box", nil), ("10.1 box", "box", nil), ("010.0.0.1 box", "box", nil), ("[::1] box", "box", nil),
        // What IPv4-mapped addresses mean.
        ("::ffff:10.0.0.1 box", "box", ["10.0.0.1"]), ("::ffff:0.0.0.0 box", "box", nil),
        // No packet can be sent there.
        ("224.0.0.1 box", "box", nil), ("0.0.0.0 box", "box", nil), ("255.255.255.255 box", "box", nil), (":: box", "box", nil),
        ("10.0.0.1 \u{FC}box b\u{E9}", "b\u{E9}", nil),
    ]

    @Test(arguments: lines.indices) func `lines are read as glibc reads them`(_ index: Int) {
        let (line, host, expected) = Self.lines[index]
        #expect(addresses(hosts(line), host) == expected, "\(line.debugDescription)")
    }

    @Test(arguments: ["127.0.1.1", "127.255.0.1", "::1", "::ffff:127.0.1.1"])
    func `a loopback address of a name is for this machine alone`(_ loopback: String) {
        let hosts = hosts("\(loopback) web1.example.com web1\n\(loopback) both\n10.0.0.1 both\n")
        #expect(addresses(hosts, "web1.example.com") != nil)
        #expect(addresses(hosts, "web1.example.com", takesLoopback: false) == nil)
        #expect(addresses(hosts, "both", takesLoopback: false) == ["10.0.0.1"])
    }

    @Test func `lines and names may be as long as they like, names are so many at most`() {
        let long = String(repeating: "x", count: 300)
        let names = (0..<HostsFile.mostNames + 7).map { "h\($0)" }.joined(separator: " ")
        let hosts = hosts("10.0.0.1 \(long) a \(names)\n\(String(repeating: "1", count: 1000)) b\n10.0.0.2 a\n")
        #expect(addresses(hosts, "a") == ["10.0.0.1", "10.0.0.2"])
        #expect(addresses(hosts, "h99") == ["10.0.0.1"])
        #expect(hosts.namesLeftOut == 8)
        #expect(addresses(hosts, long) == nil)
    }

    @Test func `names differ that came, went or have other addresses`() {
        let old = hosts("10.0.0.1 same gone other")
        #expect(hosts("10.0.0.1 same new\n10.0.0.2 other").names(differingFrom: old) == ["gone", "new", "other"])
    }
}
