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
