/// How deeply the values of a JSON text are nested, found without recursion.
enum JSONDepth {
    /// Whether arrays and objects are nested at most `limit` deep. Text that is no JSON may pass: the decoder is the judge of that.
    static func isAtMost(_ limit: Int, _ text: [UInt8]) -> Bool {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for octet in text {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if octet == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if octet == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch octet {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            if depth > limit { return false }
        }
        return true
    }
}
