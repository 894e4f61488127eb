import ProviderRegistry
import Testing

@testable import zoodns

@Suite struct SettingsFileTests {
    private func file(_ text: String) -> SettingsFile { SettingsFile(Array(text.utf8), path: "F") }

    private func texts(_ text: String, _ name: String) -> [String]? { file(text).entries[name]?.texts }

    @Test(arguments: ["# nothing", "---", "~", "null", "ttl:", "ttl: ~", "listen: []", "zones:", "\u{FEFF}ttl:", "%YAML 1.1\n---\n"])
    func `a file that sets nothing is none the worse`(_ text: String) {
        #expect(file(text).problems == [])
        #expect(file(text).entries.isEmpty)
    }

    @Test func `values are texts as they are written`() {
        #expect(texts("ttl: 5", "ttl") == ["5"])
        #expect(texts("ttl: '5'\r\nlog-rate: \"7\"\r\n", "log-rate") == ["7"])
        #expect(texts("{ttl: 5}", "ttl") == ["5"])
        #expect(texts("listen: [127.0.0.1:53, '[::1]:53']", "listen") == ["127.0.0.1:53", "[::1]:53"])
        #expect(texts("listen:\n- 127.0.0.1:53\n- 10.0.0.1:53", "listen") == ["127.0.0.1:53", "10.0.0.1:53"])
        #expect(texts("listen: 127.0.0.1:53", "listen") == ["127.0.0.1:53"])
        #expect(texts("hosts-file: none", "hosts-file") == ["none"])
    }

    @Test(arguments: ["on", "off", "yes", "no", "true", "false"])
    func `YAML's words for on and off`(_ word: String) { #expect(file("probe-held: \(word)").problems == []) }

    @Test func `zones are blocks, each with settings of its own`() {
        let file = file(
            "zones:\n  - origin: svc.local\n    path: /a\n    ttl: 7\n    nameserver-address: [10.0.0.1]\n  - {origin: b, path: /b}")
        #expect(file.problems == [])
        #expect(file.entries["zone"]?.texts == ["svc.local=/a", "b=/b"])
        #expect(file.zones.map(\.origin.text) == ["svc.local.", "b."])
        #expect(file.zones[0].entries.mapValues(\.texts) == ["ttl": ["7"], "nameserver-address": ["10.0.0.1"]])
    }

    @Test func `a zone's block names the format of its registry`() {
        let file = file(
            """
            zones:
              - {origin: a, path: /services, format: curator}
              - origin: b
                format:
                  json: {host: /IP, port: '/Public:Port'}
                path: /services/*/*
              - {origin: c, path: /c, format: }
              - {origin: d, path: /d, format: {curator: }}
            """)
        #expect(file.problems == [])
        #expect(
            file.entries["zone"]?.texts
                == ["a=curator:/services", "b=json?host=/IP&port=/Public%3APort:/services/*/*", "c=/c", "d=curator:/d"])
    }

    @Test func `the levels of paths are no aliases`() {
        let zones = (0..<9).map { "- {origin: z\($0), path: /a\($0)/*/*/*}\n" }.joined()
        #expect(file("zones:\n" + zones).problems == [])
    }

    @Test(arguments: [
        ("ttl: 5\nttll: 5", #"2:1: unknown key "ttll": did you mean ttl?"#),
        ("zone: a=/b", #"1:1: unknown key "zone": did you mean zones?"#),
        ("xyzzy: 1", #"1:1: unknown key "xyzzy""#), ("<<: {ttl: 5}", #"1:1: unknown key "<<""#),
        ("config: x", #"1:1: unknown key "config""#),
        ("ttl: 0o17", #"1:6: ttl "0o17": expected seconds from 0 to 2147483647"#),
        ("ttl: 0x10", #"1:6: ttl "0x10": expected seconds from 0 to 2147483647"#),
        ("ttl: 1_000", #"1:6: ttl "1_000": expected seconds from 0 to 2147483647"#),
        ("ttl: 5.0", #"1:6: ttl "5.0": expected seconds from 0 to 2147483647"#),
        ("ttl: ''", #"1:6: ttl "": expected seconds from 0 to 2147483647"#),
        ("probe-held: maybe", #"1:13: probe-held "maybe": expected on or off"#),
        ("ttl: [5]", "1:6: ttl: expected seconds from 0 to 2147483647, not a list or further keys"),
        ("ttl: {a: 5}", "1:6: ttl: expected seconds from 0 to 2147483647, not a list or further keys"),
        ("listen:\n  - 127.0.0.1:53\n  - [10.0.0.1:53]", "3:5: listen: expected \(Declared.listen.expected), not a list or further keys"),
        ("listen:\n  - 127.0.0.1:53\n  - nowhere", #"3:5: listen "nowhere": expected \#(Declared.listen.expected)"#),
        ("listen: [127.0.0.1:53, 127.0.0.1:53]", #"1:24: listen "127.0.0.1:53": expected each value once"#),
        ("- ttl: 5", "1:1: expected settings such as ttl: 5"), ("just text", "1:1: expected settings such as ttl: 5"),
        ("? [a, b]\n: c", "1:3: expected the name of a setting"),
        ("ttl: &a 5", "1:6: anchors and aliases are not read: write the value out"),
        ("ttl: !!int 5", "1:6: tags are not read"), ("ttl: !own 5", "1:6: tags are not read"),
        ("zones: []", "1:8: zones: expected at least one zone"),
        ("state: \"/a\\0b\"", "1:8: state: expected \(Declared.state.expected), without a NUL"),
        ("zones: svc.local", "1:8: zones: expected a list of zones, each with an origin and a path"),
        ("zones: [svc.local]", "1:9: expected a zone such as origin: svc.local and path: /providers"),
        ("zones: [{origin: a}]", "1:9: expected a zone with an origin and a path"),
        ("zones: [{origin: a..b, path: /x}]", #"1:9: zone "a..b=/x": expected a domain name and a path such as svc.local=/providers"#),
        ("zones: [{origin: a, path: /x}, {origin: A., path: /y}]", "1:32: zone A.: expected each origin once"),
        ("zones: [{origin: a, path: /x, workers: 1}]", "1:31: workers is one for all zones: expected outside of zones"),
        ("zones: [{origin: a, path: /x, ttI: 1}]", #"1:31: unknown key "ttI": did you mean ttl?"#),
        ("zones: [{origin: a, path: x}]", #"1:9: zone "a=x": expected a domain name and a path such as svc.local=/providers"#),
        (
            "zones: [{origin: a, path: 'curator:/x'}]",
            #"1:9: zone "a=curator:/x": expected a domain name and a path such as svc.local=/providers"#
        ),
        (
            "zones:\n- origin: a\n  path: /x\n  format: curater",
            #"4:11: format: no format "curater": one of \#(RegistryFormat.names.joined(separator: ", "))"#
        ),
        (
            "zones: [{origin: a, path: /x, format: {curator: {x: 1}}}]",
            #"1:39: format: the format curator has no "x": it has no parameters"#
        ),
        (
            "zones: [{origin: a, path: /x, format: [curator]}]",
            "1:39: format: expected \(SettingsNodes.formatExpected), not a list or further keys"
        ),
        ("zones: [{origin: a, path: /x, format: {json: 7}}]", "1:46: format: expected parameters such as host: /address"),
        ("zones: [{origin: a, path: /x, format: {json: {host: [a]}}}]", "1:53: host: expected a text, not a list or further keys"),
        ("zones: [{origin: a, path: /x, format: {a: , b: }}]", "1:39: format: expected one name"),
        ("zones: [{origin: a, path: /x, fromat: curator}]", #"1:31: unknown key "fromat": did you mean format?"#),
        ("format: json", #"1:9: format "json": expected one of providers, curator"#),
        ("a: 1\nttl: 1\nttl: 2\n", #"2:1: expected each key once, "ttl" is there again"#),
        ("ttl: 'a", "1:8: while scanning a quoted scalar, found unexpected end of stream"),
        ("a: 1\n---\nb: 2", "2:1: expected a single document in the stream, but found another document"),
        ("ttl: 1\nx: a\u{0}b", "2:5: control characters are not allowed"),
    ])
    func `a problem has its place`(_ text: String, _ problem: String) {
        let problems = file(text).problems
        #expect(problems.contains("F:\(problem)"), "\(problems)")
    }

    @Test(arguments: ["", " \n\t\n"])
    func `an empty file is what is left of one that is being written, and a problem`(_ text: String) {
        #expect(file(text).problems == ["F: is empty: a comment would do, to have the defaults"])
    }

    @Test func `every problem is found at once`() {
        let file = file("ttl: x\nworkers: 0\nzones: [{origin: a, path: /x, ttl: y}]\nlog-level: loud\n")
        #expect(file.problems.map { $0.prefix { $0 != " " } } == ["F:1:6:", "F:2:10:", "F:3:36:", "F:4:12:"])
        #expect(file.entries.keys.sorted() == ["zone"], "no wrong value is set")
    }

    @Test func `a file that nests without end is refused`() {
        for text in [
            String(repeating: "[", count: 1 << 20), String(repeating: "{a: ", count: 1 << 18), String(repeating: "- ", count: 1 << 19),
        ] {
            let problems = file(text).problems
            #expect(problems.count == 1 && problems[0].contains("nested too deep"), "\(problems)")
        }
    }

    @Test func `aliases never multiply`() {
        var bomb = "a0: &a0 [x, x]\n"
        for level in 1...40 { bomb += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n" }
        #expect(file(bomb + "? *a40\n: x").problems == ["F:2:50: anchors and aliases are not read: write the value out"])
        // Few of them come as far as to the nodes.
        #expect(file("ttl: &a 5\nnegative-ttl: *a").problems.count == 2)
    }

    @Test func `a file of more than a mebibyte is refused, one with less is read soon`() {
        let line = "# 4567890123456789012345678901234567890123456789012345678901234\n"
        let whole = String(repeating: line, count: (1 << 20) / line.utf8.count)
        #expect(file(whole).problems == [])
        #expect(file(whole + "#").problems == ["F: has more than 1048576 octets"])
        let keys = (0..<50_000).map { "k\($0): 1\n" }.joined()
        #expect(file(keys).problems.count == 101, "not one for each key")
        #expect(file("ttl: " + String(repeating: "x", count: 1_000_000)).problems.first?.utf8.count ?? 1000 < 300)
    }

    @Test func `what is not UTF-8 is refused with its line`() {
        #expect(SettingsFile(Array("ttl: 5\nx: ".utf8) + [0xFF, 0x0A], path: "F").problems == ["F:2:1: the line is not UTF-8"])
        #expect(SettingsFile([0xFE, 0xFF, 0, 0x61], path: "F").problems == ["F:1:1: the line is not UTF-8"])
    }

    @Test func `a file that is not there is a problem`() {
        #expect(SettingsFile(path: "/nonexistent").problems == ["/nonexistent: cannot be read: No such file or directory"])
        #expect(SettingsFile(path: "/").problems.count == 1)
        #expect(SettingsFile(path: "/dev/zero").problems == ["/dev/zero: is no regular file"])
    }

    @Test func `the nearest word is the one that was meant, or none`() {
        let words = ["ttl", "negative-ttl", "hold-down", "max-stale"]
        #expect(NearestWord.of("tll", in: words) == "ttl")
        #expect(NearestWord.of("hold_down", in: words) == "hold-down")
        #expect(NearestWord.of("maxstale", in: words) == "max-stale")
        #expect(NearestWord.of("origin", in: words) == nil)
        #expect(NearestWord.of(String(repeating: "t", count: 100_000), in: words) == nil)
    }
}
