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

    /// The uncompressed name in lower case that is all of these octets, as this module has written it.
    init(folded octets: UnsafeRawBufferPointer) { self.octets = Array(octets) }

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

    /// The labels between dots below another name; nil if one is empty or over 63 octets, or the whole over 255.
    package init?(labels text: UnsafeRawBufferPointer, below suffix: DomainName) {
        let length = 1 + text.count + suffix.octets.count
        guard length <= Self.maximumLength else { return nil }
        let name = Self.assembled(ofLength: length) { memory in
            var start = 0
            for index in 0..<text.count + 1 {
                if index < text.count, text[index] != UInt8(ascii: ".") {
                    memory[index + 1] = text[index].asciiLowercased
                    continue
                }
                guard 1...Self.maximumLabelLength ~= index - start else { return false }
                memory[start] = UInt8(index - start)
                start = index + 1
            }
            suffix.octets.withUnsafeBytes { memory.copy($0, to: start) }
            return true
        }
        guard let name else { return nil }
        self = name
    }

    /// The name that a function writes into memory of so many octets, at most 255, already in lower case; nil if that says that it is none.
    ///
    /// On the stack first: an array of octets that is filled in place costs more than the copy.
    @inline(__always)
    private static func assembled(ofLength length: Int, _ write: (UnsafeMutableRawBufferPointer) -> Bool) -> DomainName? {
        withUnsafeTemporaryAllocation(byteCount: maximumLength, alignment: 1) { memory in
            let octets = UnsafeMutableRawBufferPointer(rebasing: memory[..<length])
            return write(octets) ? DomainName(folded: UnsafeRawBufferPointer(octets)) : nil
        }
    }

    /// A host name: labels between dots, without a final one; nil if it is no domain name.
    package init?(host: String) {
        var host = host
        guard let name = host.withUTF8({ DomainName(labels: UnsafeRawBufferPointer($0), below: .root) }) else { return nil }
        self = name
    }

    /// This name below another; nil if the result is over 255 octets.
    package func appending(_ suffix: DomainName) -> DomainName? {
        let joined = octets.dropLast() + suffix.octets
        return joined.count <= Self.maximumLength ? DomainName(uncheckedOctets: Array(joined)) : nil
    }

    /// The name with one more label on its left; nil if that is no domain name.
    package func prepending(_ label: [UInt8]) -> DomainName? { label.withUnsafeBytes(prepending) }

    /// The name with one more label, of these octets, on its left; nil if that is no domain name.
    package func prepending(_ label: UnsafeRawBufferPointer) -> DomainName? {
        let length = 1 + label.count + octets.count
        guard 1...Self.maximumLabelLength ~= label.count, length <= Self.maximumLength else { return nil }
        return Self.assembled(ofLength: length) { memory in
            memory[0] = UInt8(label.count)
            for index in 0..<label.count { memory[1 + index] = label[index].asciiLowercased }
            octets.withUnsafeBytes { memory.copy($0, to: 1 + label.count) }
            return true
        }
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

extension UnsafeMutableRawBufferPointer {
    /// Copies octets to a place that has room for them.
    fileprivate func copy(_ octets: UnsafeRawBufferPointer, to start: Int) {
        UnsafeMutableRawBufferPointer(rebasing: self[start..<start + octets.count]).copyMemory(from: octets)
    }
}

extension UInt8 {
    /// The octet with ASCII letters in lower case, all else as it is (RFC 4343 §3).
    var asciiLowercased: UInt8 { self &- 65 < 26 ? self | 0x20 : self }

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
