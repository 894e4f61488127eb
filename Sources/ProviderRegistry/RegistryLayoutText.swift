extension RegistryLayout {
    /// Reads `[FORMAT[?KEY=VALUE&KEY=VALUE…]:]PATTERN`, where a pattern begins with a slash: `/providers`, `curator:/services`,
    /// `json?host=/IP&port=/PublicPort:/services`. In keys and values octets may be percent-encoded. Throws what is wrong with it.
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

    private static let noPath = RegistryFormat.Problem(
        text: "expected a path such as /providers, or a format and a path such as curator:/services")

    private static func following(_ pattern: String, _ format: RegistryFormat) throws(RegistryFormat.Problem) -> RegistryLayout {
        guard let layout = pattern.hasPrefix("/") ? RegistryLayout(pattern: pattern, format: format) : nil else { throw noPath }
        return layout
    }

    private static func read(format: Substring) throws(RegistryFormat.Problem) -> (name: String, parameters: [String: String]) {
        let parts = format.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var parameters: [String: String] = [:]
        for part in parts.dropFirst().flatMap({ $0.split(separator: "&", omittingEmptySubsequences: false) }) {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let key = PercentEncoding.decode(String(sides[0])),
                let value = PercentEncoding.decode(String(sides[1]))
            else {
                throw RegistryFormat.Problem(text: "\(String(part).debugDescription) of a format: expected KEY=VALUE")
            }
            guard parameters.updateValue(value, forKey: key) == nil else {
                throw RegistryFormat.Problem(text: "\(key.debugDescription) of a format: expected once")
            }
        }
        return (String(parts.first ?? ""), parameters)
    }

    /// Octets that mean something between a zone's origin and its path, or between several zones.
    private static let marks = Set("%+?&=:,".utf8)

    private static func escaped(_ text: String) -> String {
        text.utf8.contains(where: marks.contains)
            ? String(
                decoding: text.utf8.flatMap { octet in
                    marks.contains(octet) ? Array(("%" + String(octet, radix: 16, uppercase: true)).utf8) : [octet]
                }, as: UTF8.self)
            : text
    }
}
