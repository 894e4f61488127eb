import Explanation
import Yams

/// What the nodes of a file of settings say. The nodes' parser must be there as long as `init` runs.
struct SettingsNodes {
    private(set) var entries: [String: SettingsFile.Entry] = [:]
    private(set) var zones: [SettingsFile.Block] = []
    private(set) var problems: [(place: SettingsFile.Place, text: String)] = []
    /// Whether there are more problems than are kept.
    private(set) var hasMoreProblems = false

    static let noAliases = "anchors and aliases are not read: write the value out"
    /// Problems that are kept.
    private static let mostProblems = 100
    /// Characters of a text that a problem shows.
    private static let mostShown = 80

    private static let zonesKey = "zones"
    /// The keys of a zone that are no settings.
    private static let (originKey, pathKey) = ("origin", "path")
    private static let settings = Dictionary(uniqueKeysWithValues: Declared.all.filter { $0.isKey }.map { ($0.name, $0) })

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

    private mutating func complain(_ node: Node, _ problem: @autoclosure () -> String) {
        guard problems.count < Self.mostProblems else { return hasMoreProblems = true }
        problems.append((Self.place(of: node), problem()))
    }

    private mutating func complainOfUnknown(_ name: String, _ key: Node, _ known: [String]) {
        func text() -> String {
            "unknown key \(Self.shown(name))" + (NearestWord.of(name, in: known).map { ": did you mean \($0)?" } ?? "")
        }
        complain(key, text())
    }
}

// MARK: Zones

extension SettingsNodes {
    private mutating func readZones(_ node: Node) {
        guard isPlain(node), !Self.isNothing(node) else { return }
        guard case .sequence(let sequence) = node else {
            return complain(node, "zones: expected a list of zones, each with an origin and a path")
        }
        if sequence.isEmpty { complain(node, "zones: expected at least one zone") }
        let texts = sequence.compactMap { readZone($0) }
        if !texts.isEmpty { entries[Declared.zone.name] = SettingsFile.Entry(texts: texts, place: Self.place(of: node)) }
    }

    /// Reads one zone; its origin and path as `--zone` takes them, nil with a problem.
    private mutating func readZone(_ node: Node) -> String? {
        guard isPlain(node) else { return nil }
        guard case .mapping(let mapping) = node else {
            complain(node, "expected a zone such as origin: svc.local and path: /providers")
            return nil
        }
        var texts: [String: String] = [:]
        var own: [String: SettingsFile.Entry] = [:]
        for (key, value) in mapping {
            guard let name = name(of: key) else { continue }
            if name == Self.originKey || name == Self.pathKey {
                texts[name] = scalar(value, name, "a text")
            } else {
                own[name] = zoneEntry(name, key, value)
            }
        }
        guard let source = source(texts, node) else { return nil }
        zones.append(SettingsFile.Block(origin: source.origin, entries: own))
        return source.text
    }

    private mutating func zoneEntry(_ name: String, _ key: Node, _ value: Node) -> SettingsFile.Entry? {
        guard let setting = Self.settings[name] else {
            complainOfUnknown(name, key, Self.settings.values.filter { $0.isPerZone }.map { $0.name } + [Self.originKey, Self.pathKey])
            return nil
        }
        if setting.isPerZone { return entry(setting, value) }
        complain(key, "\(name) is one for all zones: expected outside of \(Self.zonesKey)")
        return nil
    }

    /// The origin and the path of a zone that is not there yet.
    private mutating func source(_ texts: [String: String], _ node: Node) -> ZoneSource? {
        guard let origin = texts[Self.originKey], let path = texts[Self.pathKey] else {
            complain(node, "expected a zone with an origin and a path")
            return nil
        }
        guard let source = ZoneSource("\(origin)=\(path)") else {
            complain(node, "zone \(Self.shown("\(origin)=\(path)")): expected \(Declared.zone.expected)")
            return nil
        }
        guard !zones.contains(where: { $0.origin == source.origin }) else {
            complain(node, "zone \(origin): expected each origin once")
            return nil
        }
        return source
    }
}

// MARK: Values

extension SettingsNodes {
    /// What a setting is set to; nil if that is nothing, or wrong.
    private mutating func entry(_ setting: some DeclaredSetting, _ node: Node) -> SettingsFile.Entry? {
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
            complain(isThere ? nodes[fault.index] : node, "\(setting.name)\(text): expected \(fault.expected)")
            return nil
        }
        return SettingsFile.Entry(texts: texts, place: Self.place(of: node))
    }

    private mutating func scalar(_ node: Node, _ name: String, _ expected: String) -> String? {
        guard isPlain(node) else { return nil }
        if case .scalar(let scalar) = node {
            if !scalar.string.unicodeScalars.contains("\0") { return scalar.string }
            complain(node, "\(name): expected \(expected), without a NUL")
            return nil
        }
        complain(node, "\(name): expected \(expected), not a list or further keys")
        return nil
    }

    private mutating func name(of key: Node) -> String? {
        guard isPlain(key) else { return nil }
        if case .scalar(let scalar) = key { return scalar.string }
        complain(key, "expected the name of a setting")
        return nil
    }

    /// Whether a node is written out where it stands, without a tag; if not, that is a problem.
    private mutating func isPlain(_ node: Node) -> Bool {
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

    private static func isNothing(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }

    private static func place(of node: Node) -> SettingsFile.Place {
        SettingsFile.Place(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }
}

/// The word that was probably meant.
enum NearestWord {
    /// The word that the fewest changes of one letter lead to, at most one change for each three letters; nil if there is none.
    static func of(_ word: String, in words: [String]) -> String? {
        guard word.utf8.count <= longest else { return nil }
        let best = words.map { (word: $0, distance: distance(Array(word.utf8), Array($0.utf8))) }.min {
            ($0.distance, $0.word) < ($1.distance, $1.word)
        }
        return best.flatMap { $0.distance <= max(1, word.utf8.count / 3) ? $0.word : nil }
    }

    /// Octets of a word that may stand for another: no setting has a longer name.
    private static let longest = 40

    /// How many letters must be put in, taken out or replaced (Levenshtein). O(product of the lengths).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (place, other) in right.enumerated() {
                let next = min(diagonal + (letter == other ? 0 : 1), row[place] + 1, row[place + 1] + 1)
                diagonal = row[place + 1]
                row[place + 1] = next
            }
        }
        return row[right.count]
    }
}
