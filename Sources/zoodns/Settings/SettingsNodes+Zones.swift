import DNSAuthority
import Explanation
import ProviderRegistry
import Yams

// The blocks of zones.

extension SettingsNodes {
    /// The keys of a zone that are no settings.
    private static let (originKey, pathKey, formatKey) = ("origin", "path", "format")

    /// Reads the list of zones.
    mutating func readZones(_ node: Node) {
        guard isPlain(node), !Self.isNothing(node) else { return }
        guard case .sequence(let sequence) = node else {
            return complain(node, "zones: expected a list of zones, each with an origin and a path")
        }
        if sequence.isEmpty { complain(node, "zones: expected at least one zone") }
        let texts = sequence.compactMap { readZone($0) }
        if !texts.isEmpty { entries[Declared.zone.name] = SettingsFile.Entry(texts: texts, place: Self.place(of: node)) }
    }

    /// Reads one zone; its source as `--zone` takes it, nil with a problem.
    private mutating func readZone(_ node: Node) -> String? {
        guard isPlain(node) else { return nil }
        guard case .mapping(let mapping) = node else {
            complain(node, "expected a zone such as origin: svc.local and path: /providers")
            return nil
        }
        var texts: [String: String] = [:]
        var own: [String: SettingsFile.Entry] = [:]
        var format: RegistryFormat? = .providers
        for (key, value) in mapping {
            guard let name = name(of: key) else { continue }
            switch name {
            case Self.originKey, Self.pathKey: texts[name] = scalar(value, name, "a text")
            case Self.formatKey: format = readFormat(value)
            default: own[name] = zoneEntry(name, key, value)
            }
        }
        guard let format, let source = source(texts, format, node) else { return nil }
        zones.append(SettingsFile.Block(origin: source.origin, entries: own))
        return source.text
    }

    private mutating func zoneEntry(_ name: String, _ key: Node, _ value: Node) -> SettingsFile.Entry? {
        guard let setting = Self.settings[name] else {
            let known = Self.settings.values.filter { $0.isPerZone }.map { $0.name }
            complainOfUnknown(name, key, known + [Self.originKey, Self.pathKey, Self.formatKey])
            return nil
        }
        if setting.isPerZone { return entry(setting, value) }
        complain(key, "\(name) is one for all zones: expected outside of \(Self.zonesKey)")
        return nil
    }

    /// The origin and the registry of a zone that is not there yet.
    private mutating func source(_ texts: [String: String], _ format: RegistryFormat, _ node: Node) -> ZoneSource? {
        guard let origin = texts[Self.originKey], let path = texts[Self.pathKey] else {
            complain(node, "expected a zone with an origin and a path")
            return nil
        }
        let layout = path.hasPrefix("/") ? RegistryLayout(pattern: path, format: format) : nil
        guard let source = layout.flatMap({ try? ZoneSource("\(origin)=\($0.text)") }) else {
            complain(node, "zone \(Self.shown("\(origin)=\(path)")): expected \(ZoneSource.expected)")
            return nil
        }
        guard !zones.contains(where: { $0.origin == source.origin }) else {
            complain(node, "zone \(origin): expected each origin once")
            return nil
        }
        return source
    }
}

// MARK: Formats

extension SettingsNodes {
    static let formatExpected = "the name of a format, or json: with its parameters"

    /// The format of a name, or of a name with parameters below it; nil with a problem.
    private mutating func readFormat(_ node: Node) -> RegistryFormat? {
        guard isPlain(node) else { return nil }
        if Self.isNothing(node) { return .providers }
        var (name, parameters): (String?, [String: String]?) = (nil, [:])
        if case .mapping(let mapping) = node {
            guard mapping.count == 1, let (key, value) = mapping.first else {
                complain(node, "format: expected one name")
                return nil
            }
            (name, parameters) = (self.name(of: key), readParameters(value))
        } else {
            name = scalar(node, Self.formatKey, Self.formatExpected)
        }
        guard let name, let parameters else { return nil }
        do throws(RegistryFormat.Problem) { return try RegistryFormat.named(name, parameters) } catch {
            complain(node, "format: \(error.text)")
            return nil
        }
    }

    /// The parameters of a format by their keys; nil with a problem.
    private mutating func readParameters(_ node: Node) -> [String: String]? {
        guard isPlain(node) else { return nil }
        if Self.isNothing(node) { return [:] }
        guard case .mapping(let mapping) = node else {
            complain(node, "format: expected parameters such as host: /address")
            return nil
        }
        var parameters: [String: String] = [:]
        var isWhole = true
        for (key, value) in mapping {
            guard let name = name(of: key), let text = scalar(value, name, "a text") else {
                isWhole = false
                continue
            }
            parameters[name] = text
        }
        return isWhole ? parameters : nil
    }
}
