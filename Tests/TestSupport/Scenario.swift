import Foundation

/// A text file that says what a registry holds, what is asked, and what must be answered.
///
///     provider SERVICE INSTANCE HOST PORT [weight=N] [priority=N] [held]
///     service SERVICE [lost|unknown]       a service without providers, unless it has some; ZooKeeper may not answer for it
///     host NAME ADDRESS...                 what the resolver knows of a host; none: it has no addresses
///     status current|stale|expired|unread
///     ask NAME TYPE [edns] [tcp|udp]
///     CODE [aa] [tc] [ede=N]               the response, and below it its records, in any order:
///     answer|authority|additional NAME TTL TYPE DATA
public struct Scenario: Sendable {
    /// A question with the response that it must have.
    public struct Exchange: Sendable {
        /// `NAME TYPE`, then words.
        public var ask: [String]
        /// The response's code, then words.
        public var expected: [String] = []
        /// Records by section, sorted.
        public var records: [String: [String]] = [:]
    }

    /// The file's name.
    public let name: String
    /// `provider`, `service`, `host` and `status` lines in words.
    public var facts: [[String]] = []
    /// In the order of the file.
    public var exchanges: [Exchange] = []

    /// Reads a scenario.
    public init(name: String, text: String) {
        self.name = name
        for line in text.split(separator: "\n") {
            let words = line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
            guard let first = words.first else { continue }
            switch first {
            case "provider", "service", "host", "status": facts.append(words)
            case "ask": exchanges.append(Exchange(ask: Array(words.dropFirst())))
            case "answer", "authority", "additional":
                exchanges[exchanges.count - 1].records[first, default: []].append(words.dropFirst().joined(separator: " "))
            default: exchanges[exchanges.count - 1].expected = words
            }
        }
    }

    /// All scenarios of a folder.
    public static func all(in folder: URL) throws -> [Scenario] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "scenario" }.sorted { $0.path < $1.path }
            .map { Scenario(name: $0.lastPathComponent, text: try String(contentsOf: $0, encoding: .utf8)) }
    }
}

extension Scenario.Exchange {
    /// Whether the exchange is meant for a transport.
    public func isOver(_ transport: String) -> Bool { !ask.contains(transport == "udp" ? "tcp" : "udp") }

    /// The query's octets.
    public var query: [UInt8] { QueryOctets.query(ask[0], ask[1], opt: ask.contains("edns") ? QueryOctets.opt() : []) }

    /// What is wrong with a response; empty if nothing is.
    public func problems(_ response: PacketText) -> [String] {
        var problems: [String] = []
        func compare<Value: Equatable>(_ what: String, _ found: Value, _ wanted: Value) {
            if found != wanted { problems.append("\(ask.joined(separator: " ")): \(what) is \(found), not \(wanted)") }
        }
        compare("code", response.code, expected.first ?? "")
        compare("aa", response.flags.contains("aa"), expected.contains("aa"))
        compare("tc", response.flags.contains("tc"), expected.contains("tc"))
        let ede = expected.first { $0.hasPrefix("ede=") }.flatMap { Int($0.dropFirst(4)) }
        compare("ede", response.edns?["ede"], ede)
        compare("answer", response.answer.sorted(), (records["answer"] ?? []).sorted())
        // The serial is the moment's.
        compare(
            "authority", response.authority.map(Self.withoutSerial).sorted(), (records["authority"] ?? []).map(Self.withoutSerial).sorted())
        compare("additional", response.additional.sorted(), (records["additional"] ?? []).sorted())
        return problems
    }

    private static func withoutSerial(_ record: String) -> String {
        var words = record.split(separator: " ").map(String.init)
        if words.count > 5, words[2] == "SOA" { words[5] = "*" }
        return words.joined(separator: " ")
    }
}
