/// A domain name in lower case (RFC 1035 §3.1, RFC 4343).
///
/// For building zones; the query path compares octets in place.
package struct DomainName: Hashable, Sendable {
    /// Most octets a name has, its length octets and the root's included (RFC 1035 §2.3.4).
    package static let maximumLength = 255
    /// Most octets a label has (RFC 1035 §2.3.4).
    package static let maximumLabelLength = 63

    /// The root.
    package static let root = DomainName(uncheckedOctets: [0])

    /// The wire form: each label behind its length, then a zero; 1 to 255 octets.
    package let octets: [UInt8]

    private init(uncheckedOctets octets: [UInt8]) { self.octets = octets }

    /// All octets at once: an array would give them to the hasher one by one.
    package func hash(into hasher: inout Hasher) { octets.withUnsafeBytes { hasher.combine(bytes: $0) } }

    /// The name of these labels, leftmost first; nil if one is empty or over 63 octets, or the whole over 255.
    package init?(labels: some Sequence<some Collection<UInt8>>) {
        var octets: [UInt8] = []
        for label in labels {
            guard 1...Self.maximumLabelLength ~= label.count else { return nil }
            octets.append(UInt8(label.count))
            octets.append(contentsOf: label.lazy.map(\.asciiLowercased))
        }
        octets.append(0)
        guard octets.count <= Self.maximumLength else { return nil }
        self.octets = octets
    }

    /// The uncompressed name that some octets are; the root if they are none.
    init(wire: some Collection<UInt8>) {
        let octets = Array(wire)
        self = Self.length(atStartOf: octets[...]) == octets.count ? DomainName(uncheckedOctets: octets.map(\.asciiLowercased)) : .root
    }

    /// Octets of the uncompressed name that some octets begin with; nil if they begin with none.
    static func length(atStartOf octets: ArraySlice<UInt8>) -> Int? {
        var length = 0
        while length < min(octets.count, maximumLength) {
            let label = Int(octets[octets.startIndex + length])
            guard label <= maximumLabelLength else { return nil }
            length += 1 + label
            if label == 0 { return length }
        }
        return nil
    }

    /// A name from text that has no escapes: labels between dots, with or without a final one; nil if it is no domain name.
    package init?(text: some StringProtocol) {
        if text == "." {
            self = .root
            return
        }
        let octets = Array(text.utf8)
        let relative = octets.last == UInt8(ascii: ".") ? octets.dropLast() : octets[...]
        self.init(labels: relative.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false))
    }

    /// This name below another; nil if the result is over 255 octets.
    package func appending(_ suffix: DomainName) -> DomainName? {
        let joined = octets.dropLast() + suffix.octets
        return joined.count <= Self.maximumLength ? DomainName(uncheckedOctets: Array(joined)) : nil
    }

    /// The name with one more label on its left; nil if that is no domain name.
    package func prepending(_ label: [UInt8]) -> DomainName? {
        guard 1...Self.maximumLabelLength ~= label.count, 1 + label.count + octets.count <= Self.maximumLength else { return nil }
        return DomainName(uncheckedOctets: [UInt8(label.count)] + label.map(\.asciiLowercased) + octets)
    }

    /// The labels, leftmost first, without the root.
    package var labels: [ArraySlice<UInt8>] {
        var labels: [ArraySlice<UInt8>] = []
        var start = 0
        while octets[start] != 0 {
            let end = start + 1 + Int(octets[start])
            labels.append(octets[start + 1..<end])
            start = end
        }
        return labels
    }

    /// The name without its leftmost label; nil for the root.
    package var parent: DomainName? {
        octets.count == 1 ? nil : DomainName(uncheckedOctets: Array(octets[(1 + Int(octets[0]))...]))
    }

    /// Whether this name is `ancestor` or lies below it.
    package func isAtOrBelow(_ ancestor: DomainName) -> Bool {
        guard octets.count >= ancestor.octets.count else { return false }
        var start = 0
        while octets.count - start > ancestor.octets.count { start += 1 + Int(octets[start]) }
        return octets[start...] == ancestor.octets[...]
    }

    /// The presentation form with a final dot; octets that are no plain characters as `\DDD` (RFC 1035 §5.1).
    package var text: String {
        guard octets.count > 1 else { return "." }
        return labels.map { label in label.map(\.presentationForm).joined() + "." }.joined()
    }
}

extension UInt8 {
    /// The octet with ASCII letters in lower case, all else as it is (RFC 4343 §3).
    var asciiLowercased: UInt8 { 65...90 ~= self ? self | 0x20 : self }

    /// The octet as text within quotation marks in a master file (RFC 1035 §5.1).
    var quotedForm: String {
        switch self {
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): "\\" + String(UnicodeScalar(self))
        case 32...126: String(UnicodeScalar(self))
        default: numericForm
        }
    }

    /// The octet as a part of a name in a master file (RFC 1035 §5.1).
    fileprivate var presentationForm: String {
        switch self {
        case UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ";"),
            UInt8(ascii: "@"), UInt8(ascii: "$"):
            "\\" + String(UnicodeScalar(self))
        case 33...126: String(UnicodeScalar(self))
        default: numericForm
        }
    }

    private var numericForm: String { "\\\(self / 100)\(self / 10 % 10)\(self % 10)" }
}
