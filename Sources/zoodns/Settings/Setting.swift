import ArgumentParser

/// One setting: what its option, its variable, its key in the file, the help and the README say of it comes from here.
struct Setting<Value: Hashable & Sendable>: DeclaredSetting {
    let name: String
    let valueName: String
    let help: String
    let form: SettingForm<Value>
    let fallback: Value
    let fallbackText: String
    /// Defaults of some of the commands, which differ from the others'.
    let exceptions: [Exception]
    let commands: Set<CommandName>
    let variable: String
    let isKey: Bool
    let isPerZone: Bool
    let isReloadable: Bool
    let isSecret: Bool

    /// A default of some of the commands.
    struct Exception: Sendable {
        let commands: [CommandName]
        let value: Value
    }

    /// Declares a setting. `text` says what the default is where that is no value that can be written; `variable` is one whose name other
    /// programs use too, and such a setting is no key of the file.
    init(
        _ name: String, _ valueName: String, _ help: String, _ form: SettingForm<Value>, default fallback: Value,
        shownAs text: String? = nil,
        exceptions: [Exception] = [], for commands: Set<CommandName>, variable: String? = nil, isKey: Bool = true, isPerZone: Bool = false,
        isReloadable: Bool = false, isSecret: Bool = false
    ) {
        (self.name, self.valueName, self.help, self.form) = (name, valueName, help, form)
        (self.fallback, self.exceptions, self.commands) = (fallback, exceptions, commands)
        fallbackText = text ?? form.text(fallback)
        self.variable = variable ?? "ZOODNS_" + name.uppercased().split(separator: "-").joined(separator: "_")
        self.isKey = isKey && variable == nil
        (self.isPerZone, self.isReloadable, self.isSecret) = (isPerZone, isReloadable, isSecret)
    }

    var isList: Bool { form.isList }
    var expected: String { form.expected }

    /// The default in a command.
    func fallback(in command: CommandName?) -> Value {
        exceptions.first { exception in command.map(exception.commands.contains) ?? false }?.value ?? fallback
    }

    func fault(in texts: [String]) -> SettingFault? { if case .failure(let fault) = form.read(texts) { fault } else { nil } }

    var argumentHelp: ArgumentHelp {
        let others = exceptions.map { "; \($0.commands.map(\.rawValue).joined(separator: ", ")): \(form.text($0.value))" }
        let shown = fallbackText.isEmpty ? "" : " (default: \(fallbackText)\(others.joined()))"
        return ArgumentHelp("\(help)\(shown)", valueName: valueName)
    }
}

/// A setting, whatever its values are.
protocol DeclaredSetting: Sendable {
    /// The option's name without dashes, and the key's.
    var name: String { get }
    /// What a value has to be, for people.
    var expected: String { get }
    /// What the help shows in the place of a value.
    var valueName: String { get }
    /// The default as it would be written, or what it is in words.
    var fallbackText: String { get }
    /// The commands that take the setting.
    var commands: Set<CommandName> { get }
    /// The variable of the environment.
    var variable: String { get }
    /// Whether a file of settings may have it.
    var isKey: Bool { get }
    /// Whether it may be repeated.
    var isList: Bool { get }
    /// Whether a zone may have a value of its own.
    var isPerZone: Bool { get }
    /// Whether a running server can take another value.
    var isReloadable: Bool { get }
    /// Whether no problem may show its value.
    var isSecret: Bool { get }

    /// What is wrong with what was written; nil if that can be read.
    func fault(in texts: [String]) -> SettingFault?
}

/// What is wrong with the value of a setting.
struct SettingFault: Error, Equatable {
    /// Which of several values is wrong.
    let index: Int
    /// What would be right, or why the value is wrong.
    let text: String

    /// A value where another was expected.
    init(index: Int, expected: String) { (self.index, text) = (index, "expected " + expected) }

    /// A value that is wrong for a reason.
    init(index: Int, reason: String) { (self.index, text) = (index, reason) }
}

/// Why a text is no value of a setting, in words that follow the text.
struct SettingReason: Error {
    let text: String
}

/// The commands that take settings.
enum CommandName: String, CaseIterable, Sendable {
    case serve, register, drain, lookup, explain, zone, check, status, top, export, wait
}

extension Set<CommandName> {
    /// Every command that knows ZooKeeper.
    static let all: Set = [.serve, .register, .drain, .lookup, .explain, .zone, .check, .export]
    /// Those that compile zones.
    static let compiling: Set = [.serve, .explain, .zone, .check, .export]
    /// The server, and the command that checks its settings.
    static let serving: Set = [.serve, .check]
    static let registering: Set = [.register]
}

/// All settings, by groups: each group stands beside the options that are declared by it.
enum Declared {
    static let all: [any DeclaredSetting] = registry + compiling + serving + guarding + transferring + registering
}

extension Option where Value == String? {
    /// The option of a setting, as it was written.
    init<Parsed>(_ setting: Setting<Parsed>) { self.init(name: .customLong(setting.name), help: setting.argumentHelp) }
}

extension Option where Value == [String] {
    /// The option of a setting that may be repeated, as it was written.
    init<Element>(_ setting: Setting<[Element]>) {
        self.init(wrappedValue: [], name: .customLong(setting.name), parsing: .singleValue, help: setting.argumentHelp)
    }
}
