import Configuration
import Glibc

/// Gives each setting from its option or else its environment variable, and collects all problems.
///
/// The variable of `--hold-down` is `ZOODNS_HOLD_DOWN`; settings that may be repeated stand in it with commas between.
struct SettingsReader {
    private let environment: ConfigReader
    private(set) var problems: [String] = []

    init(environment: ConfigReader = ConfigReader(provider: EnvironmentVariablesProvider())) { self.environment = environment }

    /// Reads a setting; `expected` says what it should have been.
    mutating func value<Value>(
        _ name: String, _ option: String?, default fallback: Value, expected: String, _ parse: (String) -> Value?
    ) -> Value {
        guard let text = option ?? variable(name) else { return fallback }
        return parse(text) ?? reject(source(name, isOption: option != nil), text, expected, fallback)
    }

    /// Reads a setting that may be repeated; no two values may be equal.
    mutating func values<Value: Hashable>(
        _ name: String, _ options: [String], default fallback: [Value], expected: String, _ parse: (String) -> Value?
    ) -> [Value] {
        let texts = options.isEmpty ? variable(name).map(Self.list) ?? [] : options
        let source = source(name, isOption: !options.isEmpty)
        guard !texts.isEmpty else { return fallback }
        var values: [Value] = []
        for text in texts {
            guard let value = parse(text) else { return reject(source, text, expected, fallback) }
            guard !values.contains(value) else { return reject(source, text, "each value once", fallback) }
            values.append(value)
        }
        return values
    }

    /// Reads a setting that is never shown: from the file whose path stands behind `file:`, or from the variable itself. Not from the option
    /// itself: every user of the machine can read that.
    mutating func secret<Value>(_ name: String, _ option: String?, expected: String, _ parse: (String) -> Value?) -> Value? {
        guard var text = option ?? variable(name) else { return nil }
        let source = source(name, isOption: option != nil)
        guard option == nil || text.hasPrefix(Self.filePrefix) else {
            problems.append(
                "\(source): expected \(Self.filePrefix)PATH of a file with \(expected): a command line shows secrets to every user; "
                    + "\(self.source(name, isOption: false)) may hold it too")
            return nil
        }
        if text.hasPrefix(Self.filePrefix) {
            let path = String(text.dropFirst(Self.filePrefix.count))
            guard let octets = SmallFile.read(path, limit: Self.longestSecret) else {
                problems.append("\(source) \(text.debugDescription): cannot be read: \(String(cString: strerror(errno)))")
                return nil
            }
            text = String(decoding: octets, as: UTF8.self)
            while text.last?.isNewline == true { text.removeLast() }
        }
        let value = parse(text)
        if value == nil { problems.append("\(source): expected \(expected), or \(Self.filePrefix)PATH of a file with that") }
        return value
    }

    private static let filePrefix = "file:"
    /// Octets of a file with a secret.
    private static let longestSecret = 4096

    /// Reads a setting that must be there, from its option or else from a variable with a name that others use too; nil with a problem.
    mutating func plainValue<Value>(
        _ variable: String, _ option: String?, as source: String, expected: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard let text = option ?? plainVariable(variable) else {
            let places = source == variable ? variable : "\(source) or \(variable)"
            problems.append("\(places) is missing: expected \(expected), here or in the environment")
            return nil
        }
        return parse(text) ?? reject(option == nil ? variable : source, text, expected, nil)
    }

    /// The text of a variable with a name that others use too; an empty one counts as unset.
    func plainVariable(_ name: String) -> String? {
        let text = environment.string(forKey: ConfigKey([name.lowercased()]))
        return text?.isEmpty == true ? nil : text
    }

    /// Adds a problem that concerns several settings.
    mutating func complain(_ problem: String) { problems.append(problem) }

    /// Ends reading: throws if there were problems.
    func finish() throws(CommandFailure) {
        if !problems.isEmpty { throw .usage(problems) }
    }

    private mutating func reject<Value>(_ source: String, _ text: String, _ expected: String, _ fallback: Value) -> Value {
        problems.append("\(source) \(text.debugDescription): expected \(expected)")
        return fallback
    }

    /// The environment variable's text; an empty one counts as unset.
    private func variable(_ name: String) -> String? {
        let text = environment.string(forKey: ConfigKey(["zoodns"] + name.split(separator: "-").map(String.init)))
        return text?.isEmpty == true ? nil : text
    }

    /// Where a setting comes from, as the operator wrote it.
    private func source(_ name: String, isOption: Bool) -> String {
        isOption ? "--" + name : "ZOODNS_" + name.uppercased().split(separator: "-").joined(separator: "_")
    }

    private static func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }
}

extension Duration {
    /// Reads `90`, `90s`, `250ms`, `15m` or `1h`; nil for anything else, and for more than a hundred years.
    init?(text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits), number <= Self.mostSeconds else { return nil }
        switch text[digits.endIndex...] {
        case "", "s": self = .seconds(number)
        case "ms": self = .milliseconds(number)
        case "m": self = .seconds(number * 60)
        case "h": self = .seconds(number * 3600)
        default: return nil
        }
        guard self <= .seconds(Self.mostSeconds) else { return nil }
    }

    private static let mostSeconds: Int64 = 100 * 365 * 86_400
}
