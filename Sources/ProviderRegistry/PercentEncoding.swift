/// Names of znodes in which other octets than letters and digits are written as `%` and two digits.
enum PercentEncoding {
    /// The text that Java's `URLEncoder` made a name of: `+` is a space; nil for what it never writes, or is not UTF-8.
    static func decode(_ name: String) -> String? {
        var name = name
        return name.withUTF8 { encoded in
            var octets: [UInt8] = []
            octets.reserveCapacity(encoded.count)
            var index = 0
            while index < encoded.count {
                switch encoded[index] {
                case UInt8(ascii: "%"):
                    guard index + 2 < encoded.count, let high = digit(encoded[index + 1]), let low = digit(encoded[index + 2]) else {
                        return nil
                    }
                    octets.append(high << 4 | low)
                    index += 2
                case UInt8(ascii: "+"): octets.append(0x20)
                case let octet: octets.append(octet)
                }
                index += 1
            }
            return String(validating: octets, as: UTF8.self)
        }
    }

    private static func digit(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 48...57: octet - 48
        case 65...70: octet - 55
        case 97...102: octet - 87
        default: nil
        }
    }
}
