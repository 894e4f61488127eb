import IPAddressing
import Logging

/// How the values of a setting are written.
struct SettingForm<Value: Sendable>: Sendable {
    /// What a value has to be, for people.
    let expected: String
    /// Whether there may be several texts: one after another in the environment, with commas between.
    let isList: Bool
    /// A value as it would be written.
    let text: @Sendable (Value) -> String
    /// The value of texts, one unless there may be several.
    let read: @Sendable ([String]) -> Result<Value, SettingFault>

    /// One text.
    init(_ expected: String, text: @escaping @Sendable (Value) -> String = { "\($0)" }, _ parse: @escaping @Sendable (String) -> Value?) {
        (self.expected, self.text, isList) = (expected, text, false)
        read = { texts in
            guard texts.count == 1, let value = parse(texts[0]) else { return .failure(SettingFault(index: 0, expected: expected)) }
            return .success(value)
        }
    }

    /// Several texts, no two of equal value.
    static func list<Element: Hashable & Sendable>(
        of expected: String, text: @escaping @Sendable (Element) -> String = { "\($0)" },
        _ parse: @escaping @Sendable (String) -> Element?
    ) -> SettingForm where Value == [Element] {
        reasoningList(of: expected, text: text) { text throws(SettingReason) in
            guard let value = parse(text) else { throw SettingReason(text: "expected " + expected) }
            return value
        }
    }

    /// Several texts, no two of equal value, each of which may be wrong for a reason of its own.
    static func reasoningList<Element: Hashable & Sendable>(
        of expected: String, text: @escaping @Sendable (Element) -> String = { "\($0)" },
        _ parse: @escaping @Sendable (String) throws(SettingReason) -> Element
    ) -> SettingForm where Value == [Element] {
        SettingForm(expected, isList: true, text: { $0.map(text).joined(separator: ",") }) { texts in
            var values: [Element] = []
            var seen: Set<Element> = []
            for (index, text) in texts.enumerated() {
                do throws(SettingReason) { values.append(try parse(text)) } catch {
                    return .failure(SettingFault(index: index, reason: error.text))
                }
                guard seen.insert(values[index]).inserted else { return .failure(SettingFault(index: index, expected: "each value once")) }
            }
            return .success(values)
        }
    }

    private init(
        _ expected: String, isList: Bool, text: @escaping @Sendable (Value) -> String,
        _ read: @escaping @Sendable ([String]) -> Result<Value, SettingFault>
    ) {
        (self.expected, self.isList, self.text, self.read) = (expected, isList, text, read)
    }

    /// The form of a setting that may be left out.
    var optional: SettingForm<Value?> {
        SettingForm<Value?>(expected, isList: isList, text: { $0.map(text) ?? "" }) { texts in read(texts).map(Optional.some) }
    }
}

extension SettingForm where Value == Duration {
    /// A duration within bounds.
    static func duration(_ bounds: ClosedRange<Duration>) -> SettingForm {
        SettingForm("a duration from \(bounds.lowerBound.text) to \(bounds.upperBound.text)", text: \.text) { text in
            Duration(text: text).flatMap { bounds ~= $0 ? $0 : nil }
        }
    }

    /// A duration that is at least this long.
    static func duration(_ bounds: PartialRangeFrom<Duration>) -> SettingForm {
        let least = bounds.lowerBound == .zero ? "a duration such as 90s, 15m or 1h, or 0" : "a duration from \(bounds.lowerBound.text) on"
        return SettingForm(least, text: \.text) { text in Duration(text: text).flatMap { bounds ~= $0 ? $0 : nil } }
    }
}

extension SettingForm where Value == Int {
    /// A number within bounds; `unit` is what it counts.
    static func number(_ bounds: ClosedRange<Int>, _ unit: String = "a number") -> SettingForm {
        SettingForm("\(unit) from \(bounds.lowerBound) to \(bounds.upperBound)") { text in Int(text).flatMap { bounds ~= $0 ? $0 : nil } }
    }
}

extension SettingForm where Value == Bool {
    /// On or off; also the other words that YAML has for these.
    static let onOff = SettingForm("on or off", text: { $0 ? "on" : "off" }) { text in
        ["on": true, "yes": true, "true": true, "off": false, "no": false, "false": false][text]
    }
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

    /// The duration as `init(text:)` reads it, to the millisecond.
    var text: String {
        let (seconds, fraction) = components
        let milliseconds = fraction / 1_000_000_000_000_000
        guard milliseconds == 0 else { return "\(seconds * 1000 + milliseconds)ms" }
        return seconds > 0 && seconds % 3600 == 0 ? "\(seconds / 3600)h" : "\(seconds)s"
    }

    private static let mostSeconds: Int64 = 100 * 365 * 86_400
}
