extension RegistryLayout {
    /// Reads `[FORMAT[?KEY=VALUE&KEY=VALUE…]:]PATTERN`, where a pattern begins with a slash: `/providers`, `curator:/services`,
    /// `json?host=/IP&port=/PublicPort:/services`. Percent signs resolve in values (RFC 3986 §2.1). Throws what is wrong with it.
    package init(text: String) throws(RegistryFormat.Problem) {
        guard !text.hasPrefix("/") else {
            self = try Self.following(text, .providers)
            return
        }
        guard let colon = text.firstIndex(of: ":") else { throw Self.noPath }
        let (name, parameters) = try Self.read(format: text[..<colon])
        self = try Self.following(String(text[text.index(after: colon)...]), try RegistryFormat.named(name, parameters))
    }

    /// The layout as `init(text:)` reads it.
    package var text: String {
        guard format != .providers else { return pattern }
        let parameters = format.parameters.sorted { $0.key < $1.key }.map { Self.escaped($0.key) + "=" + Self.escaped($0.value) }
        return format.name + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&")) + ":" + pattern
    }

    private static let noPath = RegistryFormat.Problem(text: "expected a path such as /providers, or a format with one, such as curator:/services")

    private static func following(_ pattern: String, _ format: RegistryFormat) throws(RegistryFormat.Problem) -> RegistryLayout {
        guard let layout = pattern.hasPrefix("/") ? RegistryLayout(pattern: pattern, format: format) : nil else { throw noPath }
        return layout
    }

    private static func read(format: Substring) throws(RegistryFormat.Problem) -> (name: String, parameters: [String: String]) {
        let parts = format.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var parameters: [String: String] = [:]
        for part in parts.dropFirst().flatMap({ $0.split(separator: "&", omittingEmptySubsequences: false) }) {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let key = resolved(sides[0]), let value = resolved(sides[1]) else {
                throw RegistryFormat.Problem(text: "\(String(part).debugDescription) of a format: expected KEY=VALUE")
            }
            guard parameters.updateValue(value, forKey: key) == nil else {
                throw RegistryFormat.Problem(text: "\(key.debugDescription) of a format: expected once")
            }
        }
        return (String(parts.first ?? ""), parameters)
    }

    /// Octets that mean something between a zone's origin and its path, or between several zones.
    private static let marks = Set("%?&=:,".utf8)

    private static func escaped(_ text: String) -> String {
        text.utf8.contains(where: marks.contains)
            ? String(
                decoding: text.utf8.flatMap { octet in
                    marks.contains(octet) ? Array(("%" + String(octet, radix: 16, uppercase: true)).utf8) : [octet]
                }, as: UTF8.self)
            : text
    }

    /// The text of a part, its percent signs resolved; nil if that is no text.
    private static func resolved(_ part: Substring) -> String? {
        var octets: [UInt8] = []
        var rest = Array(part.utf8)[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "%") else {
                octets.append(octet)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            octets.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: octets, as: UTF8.self)
    }
}
