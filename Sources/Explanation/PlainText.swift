import DNSAuthority
import ProviderRegistry

/// Text for people on a terminal, whatever others have put into the registry.
package enum PlainText {
    /// Wider cells stand out of their column and leave the others where they are.
    private static let widest = 80

    /// A name or path: as it is if it is printable ASCII without spaces and quotes, else quoted with all other characters escaped.
    package static func name(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { 33...126 ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        guard text.isEmpty || !isPlain else { return text }
        return "\"" + text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined() + "\""
    }

    /// Words in one line: all characters but printable ASCII escaped.
    package static func line(_ text: String) -> String {
        text.unicodeScalars.map { 32...126 ~= $0.value ? String($0) : $0.escaped(asASCII: true) }.joined()
    }

    /// A domain name without its final dot.
    static func name(_ name: DomainName) -> String { name == .root ? "." : String(name.text.dropLast()) }

    /// How long ago something was, in milliseconds: one number. A clock that runs behind makes nothing younger than now.
    static func age(_ milliseconds: Int64) -> String {
        let seconds = max(milliseconds, 0) / 1000
        return switch seconds {
        case ..<120: "\(seconds) s old"
        case ..<7200: "\(seconds / 60) min old"
        case ..<172_800: "\(seconds / 3600) h old"
        default: "\(seconds / 86_400) d old"
        }
    }

    /// What a provider offers beyond host, port, weight and priority, a text each: the status first, if it is not up.
    static func details(of provider: Provider) -> [String] {
        guard let details = provider.details else { return [] }
        var texts: [String] = []
        if details.status != .up { texts.append(details.status.rawValue) }
        let ports = details.ports.map { port -> String in
            let place = port.host.map { Provider.authority($0.text, port.port) } ?? String(port.port)
            return "\(port.name)=\(place)"
        }
        if !ports.isEmpty { texts.append("ports " + ports.map { name($0) }.joined(separator: " ")) }
        if let zone = details.zone { texts.append("zone " + name(zone)) }
        if !details.alpn.isEmpty { texts.append("alpn " + details.alpn.map { name($0) }.joined(separator: " ")) }
        if let ttl = details.ttl { texts.append("ttl \(ttl)") }
        return texts + details.attributes.sorted { $0.key < $1.key }.map { name("\($0.key)=\($0.value)") }
    }

    /// Lines of cells in columns, indented. A row's last cell has room to its right, whatever stands in other rows.
    package static func columns(_ rows: [[String]]) -> [String] {
        var widths: [Int] = []
        for row in rows {
            for (index, cell) in row.dropLast().enumerated() {
                if index == widths.count { widths.append(0) }
                if cell.count <= widest { widths[index] = max(widths[index], cell.count) }
            }
        }
        return rows.map { row in
            let cells = row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: max(widths[index] - cell.count, 0))
            }
            return "  " + cells.joined(separator: "   ")
        }
    }
}
