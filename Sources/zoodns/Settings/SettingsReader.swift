import Configuration
import DNSAuthority
import Glibc

/// Gives each setting from its option, else its variable, else the file, else its default, and collects all problems.
///
/// The variable of `--hold-down` is `ZOODNS_HOLD_DOWN`; settings that may be repeated stand in it with commas between.
struct SettingsReader {
    private let environment: ConfigReader
    /// The file of settings; nil if there is none.
    private(set) var file: SettingsFile?
    private(set) var problems: [String] = []
    /// What has been read, by the settings' names; without what zones have for themselves.
    private(set) var values: [String: any Hashable & Sendable] = [:]

    init(
        environment: ConfigReader = ConfigReader(provider: EnvironmentVariablesProvider()), file: SettingsFile? = nil
    ) {
        self.environment = environment
        if let file { take(file) }
    }

    /// Where a setting was written.
    private enum Source {
        case option, variable
        case file(SettingsFile.Entry)
    }

    /// Reads the file of settings that the option or its variable names, if one does.
    mutating func open(_ option: String?) {
        guard file == nil, let path = value(Declared.config, option) else { return }
        take(SettingsFile(path: path))
    }

    private mutating func take(_ file: SettingsFile) {
        self.file = file
        problems += file.problems
    }

    /// Reads a setting; the default is the command's.
    mutating func value<Value>(_ setting: Setting<Value>, _ option: String?, in command: CommandName? = nil) -> Value {
        value(setting, option.map { [$0] } ?? [], command)
    }

    /// Reads a setting that may be repeated.
    mutating func value<Element>(_ setting: Setting<[Element]>, _ options: [String]) -> [Element] { value(setting, options, nil) }

    /// Reads a setting of one zone: what its block of the file says, else what is set for all zones.
    mutating func value<Value>(_ setting: Setting<Value>, _ options: [String], for origin: DomainName) -> Value {
        let common = value(setting, options, nil)
        let entry = file?.block(of: origin)?.entries[setting.name]
        return entry.flatMap { read(setting, $0.texts, .file($0)) } ?? common
    }

    private mutating func value<Value>(_ setting: Setting<Value>, _ options: [String], _ command: CommandName?) -> Value {
        let found = find(setting, options)
        let value = found.flatMap { read(setting, $0.texts, $0.source) } ?? setting.fallback(in: command)
        values[setting.name] = value
        return value
    }

    private func find(_ setting: some DeclaredSetting, _ options: [String]) -> (texts: [String], source: Source)? {
        if !options.isEmpty { return (options, .option) }
        if let text = plainVariable(setting.variable) {
            return (setting.isList ? text.split(separator: ",").map(String.init) : [text], .variable)
        }
        return (file?.entries[setting.name]).map { ($0.texts, .file($0)) }
    }

    private mutating func read<Value>(_ setting: Setting<Value>, _ texts: [String], _ source: Source) -> Value? {
        switch setting.form.read(texts) {
        case .success(let value): return value
        case .failure(let fault):
            let text = texts.indices.contains(fault.index) ? texts[fault.index].debugDescription : "nothing"
            complain("\(place(of: setting, source)) \(text): \(fault.text)")
            return nil
        }
    }

    /// Where a setting comes from, as the operator wrote it.
    private func place(of setting: some DeclaredSetting, _ source: Source) -> String {
        switch source {
        case .option: "--" + setting.name
        case .variable: setting.variable
        case .file(let entry): "\(file?.path ?? ""):\(entry.place): \(setting.name)"
        }
    }

    /// Adds a problem, once.
    mutating func complain(_ problem: String) { if !problems.contains(problem) { problems.append(problem) } }

    /// Ends reading: throws if there were problems.
    func finish() throws(CommandFailure) {
        if !problems.isEmpty { throw .usage(problems) }
    }
}

// MARK: Settings that others use too, and secrets

extension SettingsReader {
    /// Reads a setting that must be there, from its option or else from a variable with a name that others use too; nil with a problem.
    mutating func plainValue<Value>(
        _ variable: String, _ option: String?, as source: String, expected: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard let text = option ?? plainVariable(variable) else {
            let places = source == variable ? variable : "\(source) or \(variable)"
            complain("\(places) is missing: expected \(expected), here or in the environment")
            return nil
        }
        if let value = parse(text) { return value }
        complain("\(option == nil ? variable : source) \(text.debugDescription): expected \(expected)")
        return nil
    }

    /// A variable's text; an empty one counts as unset.
    func plainVariable(_ name: String) -> String? {
        let text = environment.string(forKey: ConfigKey(name.lowercased().split(separator: "_").map(String.init)))
        return text?.isEmpty == true ? nil : text
    }

    /// Reads a setting that is never shown: from the file whose path stands behind `file:`, or from the variable itself. Not from the option
    /// or the file of settings itself: every user of the machine can read the one, and many may read the other.
    mutating func secret<Value>(_ setting: Setting<String?>, _ option: String?, expected: String, _ parse: (String) -> Value?) -> Value? {
        guard let (texts, source) = find(setting, option.map { [$0] } ?? []), var text = texts.first else { return nil }
        let place = place(of: setting, source)
        if case .option = source, !text.hasPrefix(Self.secretPrefix) {
            complain(
                "\(place): expected \(Self.secretPrefix)PATH of a file with \(expected): a command line shows secrets to every user; "
                    + "\(setting.variable) may hold it too")
            return nil
        }
        if text.hasPrefix(Self.secretPrefix) {
            let path = String(text.dropFirst(Self.secretPrefix.count))
            guard let octets = SmallFile.read(path, limit: Self.longestSecret) else {
                complain("\(place) \(text.debugDescription): cannot be read: \(String(cString: strerror(errno)))")
                return nil
            }
            text = String(decoding: octets, as: UTF8.self)
            while text.last?.isNewline == true { text.removeLast() }
        }
        let value = parse(text)
        if value == nil { complain("\(place): expected \(expected), or \(Self.secretPrefix)PATH of a file with that") }
        values[setting.name] = text
        return value
    }

    /// What stands in front of the path of a file with a secret.
    static let secretPrefix = "file:"
    /// Octets of a file with a secret.
    private static let longestSecret = 4096
}
