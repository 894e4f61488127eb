extension RegistryLayout {
    private static let star = "*"
    private static let sole = "."

    /// A tree as settings name it; nil for a path that is none, or has too many levels.
    ///
    /// Each `*` in the path is one level of a service's name. The format says how many levels there are where the path has none. A final `.` means
    /// that the path itself is the one service, whose name is the path's last part.
    package init?(pattern: String, format: RegistryFormat) {
        guard pattern.utf8.first == Self.slash else { return nil }
        var parts = pattern == "/" ? [] : Self.parts(of: String(Substring(pattern.utf8.dropFirst())))
        let isSole = parts.last == Self.sole
        if isSole { parts.removeLast() }
        guard parts.allSatisfy(Self.isPart) else { return nil }
        let stars = parts.count { $0 == Self.star }
        guard !isSole || stars == 0, max(stars, format.levels) <= Self.mostLevels else { return nil }
        let hasSuffix = parts.suffix(format.suffix.count).elementsEqual(format.suffix)
        if isSole || stars == 0 && format.levels == 0 {
            let name = (hasSuffix ? parts.dropLast(format.suffix.count) : parts[...]).last ?? format.name
            if !isSole, !hasSuffix { parts += format.suffix }
            let root = parts.isEmpty ? "/" : Self.text(parts)
            self.init(root: root, tails: [], sole: ServiceName(name), format: format, pattern: pattern)
        } else {
            if stars == 0 { parts += Array(repeating: Self.star, count: format.levels) }
            if stars == 0 || !hasSuffix { parts += format.suffix }
            let pieces = parts.split(separator: Self.star, omittingEmptySubsequences: false).map(Self.text)
            let root = pieces.first.flatMap { $0.isEmpty ? nil : $0 } ?? "/"
            self.init(root: root, tails: Array(pieces.dropFirst()), format: format, pattern: pattern)
        }
    }

    private static func text(_ parts: some Collection<String>) -> String { parts.reduce(into: "") { $0 += "/" + $1 } }

    /// Whether a text can be one part of a path (ZooKeeper Programmer's Guide, "The ZooKeeper Data Model"), and no star that went wrong.
    private static func isPart(_ text: String) -> Bool {
        !text.isEmpty && text != "." && text != ".." && (text == star || !text.utf8.contains(UInt8(ascii: "*")))
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar.value {
                case 0x00...0x1F, 0x7F...0x9F, 0xD800...0xF8FF, 0xFFF0...0xFFFF: false
                default: true
                }
            }
    }
}

/// The names that lead from a registry's root to a parent of services or of further branches, one for each level.
package struct BranchName: Hashable, Sendable {
    /// The names with a slash between; none for the root.
    private let names: ServiceName
    /// How many names there are.
    package let depth: Int

    private init(_ names: String, depth: Int) { (self.names, self.depth) = (ServiceName(names), depth) }

    /// The root, to which no names lead.
    package static let root = BranchName("", depth: 0)

    /// The names with a slash between.
    package var text: String { names.text }

    /// A service with the branch's own name.
    package var service: ServiceName { names }

    /// The branch of this name below.
    package func branch(_ name: String) -> BranchName { BranchName(joined(name), depth: depth + 1) }

    /// The service of this name below.
    package func service(_ name: String) -> ServiceName { ServiceName(joined(name)) }

    /// The branch above; nil for the root.
    package var parent: BranchName? {
        guard depth > 0 else { return nil }
        return RegistryLayout.parts(of: text).dropLast().reduce(.root) { $0.branch($1) }
    }

    private func joined(_ name: String) -> String { depth == 0 ? name : text + "/" + name }
}

extension ServiceName {
    /// The branches that lead to the service, the root first.
    package var branches: [BranchName] {
        RegistryLayout.parts(of: text).dropLast().reduce(into: [.root]) { branches, name in
            if let last = branches.last { branches.append(last.branch(name)) }
        }
    }
}
