import DNSAuthority
import Glibc
import Yams

/// A file of settings, read whole: each value is known to be one that its setting takes, and everything else is a problem with its place.
///
/// A YAML mapping of settings' names to values; `zones` is a list of mappings with `origin`, `path`, `format` and settings of that zone alone.
/// Anchors, aliases and tags are refused: nothing in the file grows. An empty value leaves a setting at its default.
struct SettingsFile: Sendable {
    /// The path as it was given.
    let path: String
    /// What is set for the server and all zones, by the settings' names; the zones themselves stand under the name of `--zone`.
    private(set) var entries: [String: Entry] = [:]
    /// The zones as they stand in the file.
    private(set) var zones: [Block] = []
    /// All that is wrong, each in a line that begins with the path, the line and the column.
    private(set) var problems: [String] = []

    /// A place in the file: line and column, counted from 1.
    struct Place: Hashable, Sendable, CustomStringConvertible {
        let line: Int
        let column: Int
        var description: String { "\(line):\(column)" }
    }

    /// What a setting is set to.
    struct Entry: Sendable {
        let texts: [String]
        let place: Place
    }

    /// One zone's settings, by their names.
    struct Block: Sendable {
        let origin: DomainName
        let entries: [String: Entry]
    }

    /// Octets that a file may have.
    static let longest = 1 << 20
    /// Names that may stand behind an asterisk: with more of them aliases could multiply before they are seen, with fewer they cannot matter.
    private static let mostAliases = 8

    /// Reads the file at a path.
    init(path: String) {
        self.path = path
        guard let octets = SmallFile.read(path, limit: Self.longest, isRegular: true) else {
            let reason =
                switch errno {
                case EFBIG: "has more than \(Self.longest) octets"
                case EINVAL: "is no regular file"
                default: "cannot be read: \(String(cString: strerror(errno)))"
                }
            problems.append("\(path): \(reason)")
            return
        }
        read(octets)
    }

    /// Reads the octets of a file.
    init(_ octets: [UInt8], path: String) {
        self.path = path
        read(octets)
    }

    /// The settings of a zone.
    func block(of origin: DomainName) -> Block? { zones.first { $0.origin == origin } }

    private mutating func read(_ octets: [UInt8]) {
        guard octets.count <= Self.longest else { return problems.append("\(path): has more than \(Self.longest) octets") }
        guard let text = String(validating: octets, as: UTF8.self) else {
            return complain(Place(line: Self.line(ofInvalid: octets), column: 1), "the line is not UTF-8")
        }
        // What is left of a file while it is being written: nothing that an operator has meant.
        if text.allSatisfy(\.isWhitespace) { return problems.append("\(path): is empty: a comment would do, to have the defaults") }
        if let place = Self.aliasBeyondMost(octets) { return complain(place, SettingsNodes.noAliases) }
        do {
            // The parser owns the anchors that nodes point to.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            try withExtendedLifetime(parser) { if let root = try parser.singleRoot() { take(SettingsNodes(root)) } }
        } catch let error as YamlError {
            let (place, reason) = Self.explain(error, text)
            complain(place, reason)
        } catch {
            problems.append("\(path): \(error)")
        }
    }

    private mutating func take(_ nodes: SettingsNodes) {
        (entries, zones) = (nodes.entries, nodes.zones)
        for problem in nodes.problems { complain(problem.place, problem.text) }
        if nodes.hasMoreProblems { problems.append("\(path): there are more problems") }
    }

    private mutating func complain(_ place: Place, _ problem: String) { problems.append("\(path):\(place): \(problem)") }
}

// MARK: What is no YAML

extension SettingsFile {
    /// Where there is one name too many behind an asterisk; nil if there is none. Quoted ones and those in comments count too.
    private static func aliasBeyondMost(_ octets: [UInt8]) -> Place? {
        var (line, column, count) = (1, 1, 0)
        for (index, octet) in octets.enumerated() {
            if octet == UInt8(ascii: "*"), index + 1 < octets.count, isNameOctet(octets[index + 1]) {
                count += 1
                if count > mostAliases { return Place(line: line, column: column) }
            }
            if octet == UInt8(ascii: "\n") { (line, column) = (line + 1, 1) } else if octet & 0xC0 != 0x80 { column += 1 }
        }
        return nil
    }

    /// Whether the name of an alias may have an octet: the levels of a path, `/*/*`, name none.
    private static func isNameOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func line(ofInvalid octets: [UInt8]) -> Int {
        let lines = octets.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
    }

    private static func explain(_ error: YamlError, _ text: String) -> (Place, String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let reason = problem.lowercased().contains("nesting") ? "nested too deep" : problem
            return (Place(line: mark.line, column: mark.column), (context.map { $0.text + ", " } ?? "") + reason)
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.prefix(3).map(SettingsNodes.shown).joined(separator: ", ")
            return (Place(line: context.mark.line, column: context.mark.column), "expected each key once, \(names) is there again")
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let column = before.reversed().prefix { !$0.isNewline }.count + 1
            return (Place(line: before.count { $0.isNewline } + 1, column: column), problem)
        default: return (Place(line: 1, column: 1), "cannot be read as YAML: \(error)")
        }
    }
}
