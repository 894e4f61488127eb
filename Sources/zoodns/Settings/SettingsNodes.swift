import Yams

/// What the nodes of a file of settings say. The nodes' parser must be there as long as `init` runs.
struct SettingsNodes {
    var entries: [String: SettingsFile.Entry] = [:]
    var zones: [SettingsFile.Block] = []
    private(set) var problems: [(place: SettingsFile.Place, text: String)] = []
    /// Whether there are more problems than are kept.
    private(set) var hasMoreProblems = false

    static let noAliases = "anchors and aliases are not read: write the value out"
    /// Problems that are kept.
    private static let mostProblems = 100
    /// Characters of a text that a problem shows.
    private static let mostShown = 80

    static let zonesKey = "zones"
    static let settings = Dictionary(uniqueKeysWithValues: Declared.all.filter { $0.isKey }.map { ($0.name, $0) })

    /// Reads the whole file.
    init(_ root: Node) {
        guard isPlain(root), !Self.isNothing(root) else { return }
        guard case .mapping(let mapping) = root else {
            complain(root, "expected settings such as ttl: 5")
            return
        }
        for (key, value) in mapping {
            guard let name = name(of: key) else { continue }
            if name == Self.zonesKey {
                readZones(value)
            } else if let setting = Self.settings[name] {
                entries[name] = entry(setting, value)
            } else {
                complainOfUnknown(name, key, Array(Self.settings.keys) + [Self.zonesKey])
            }
        }
    }

    /// A text as a problem shows it.
    static func shown(_ text: String) -> String {
        text.count > mostShown ? String(text.prefix(mostShown)).debugDescription + "…" : text.debugDescription
    }

    mutating func complain(_ node: Node, _ problem: @autoclosure () -> String) {
        guard problems.count < Self.mostProblems else { return hasMoreProblems = true }
        problems.append((Self.place(of: node), problem()))
    }

    mutating func complainOfUnknown(_ name: String, _ key: Node, _ known: [String]) {
        func text() -> String {
            "unknown key \(Self.shown(name))" + (NearestWord.of(name, in: known).map { ": did you mean \($0)?" } ?? "")
        }
        complain(key, text())
    }
}

// MARK: Values

extension SettingsNodes {
    /// What a setting is set to; nil if that is nothing, or wrong.
    mutating func entry(_ setting: some DeclaredSetting, _ node: Node) -> SettingsFile.Entry? {
        guard isPlain(node), !Self.isNothing(node) else { return nil }
        var nodes = [node]
        if setting.isList, case .sequence(let sequence) = node { nodes = Array(sequence) }
        var texts: [String] = []
        for node in nodes {
            guard let text = scalar(node, setting.name, setting.expected) else { return nil }
            texts.append(text)
        }
        if texts.isEmpty { return nil }
        if let fault = setting.fault(in: texts) {
            let isThere = texts.indices.contains(fault.index)
            let text = setting.isSecret || !isThere ? "" : " " + Self.shown(texts[fault.index])
            complain(isThere ? nodes[fault.index] : node, "\(setting.name)\(text): \(fault.text)")
            return nil
        }
        return SettingsFile.Entry(texts: texts, place: Self.place(of: node))
    }

    mutating func scalar(_ node: Node, _ name: String, _ expected: String) -> String? {
        guard isPlain(node) else { return nil }
        if case .scalar(let scalar) = node {
            if !scalar.string.unicodeScalars.contains("\0") { return scalar.string }
            complain(node, "\(name): expected \(expected), without a NUL")
            return nil
        }
        complain(node, "\(name): expected \(expected), not a list or further keys")
        return nil
    }

    mutating func name(of key: Node) -> String? {
        guard isPlain(key) else { return nil }
        if case .scalar(let scalar) = key { return scalar.string }
        complain(key, "expected the name of a setting")
        return nil
    }

    /// Whether a node is written out where it stands, without a tag; if not, that is a problem.
    mutating func isPlain(_ node: Node) -> Bool {
        let isShared = node.anchor != nil
        let tag: Tag
        switch node {
        case .scalar(let scalar): tag = scalar.tag
        case .mapping(let mapping): tag = mapping.tag
        case .sequence(let sequence): tag = sequence.tag
        case .alias(let alias): tag = alias.tag
        }
        // A key that was compared with others has the tag that it means.
        let isTagged = ![Tag(.implicit), Tag(.str), Tag(.map), Tag(.seq)].contains(tag)
        if isShared { complain(node, Self.noAliases) }
        if isTagged { complain(node, "tags are not read") }
        return !isShared && !isTagged
    }

    static func isNothing(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }

    static func place(of node: Node) -> SettingsFile.Place {
        SettingsFile.Place(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }
}
