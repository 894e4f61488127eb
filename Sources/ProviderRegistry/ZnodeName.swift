import Glibc

/// The name of a service's znode.
package struct ServiceName: Hashable, Comparable, Sendable {
    private let znode: ZnodeName

    /// A service whose znode has this name: any text without a slash.
    package init(_ text: String) { znode = ZnodeName(text) }

    /// The name as text.
    package var text: String { znode.text }

    package static func < (left: ServiceName, right: ServiceName) -> Bool { left.znode < right.znode }
}

/// The name of a provider's znode.
package struct InstanceName: Hashable, Comparable, Sendable {
    private let znode: ZnodeName

    /// A provider whose znode has this name: any text without a slash.
    package init(_ text: String) { znode = ZnodeName(text) }

    /// The name as text.
    package var text: String { znode.text }

    package static func < (left: InstanceName, right: InstanceName) -> Bool { left.znode < right.znode }
}

/// The last part of a znode's path: any text without a slash.
///
/// Names are equal octet by octet, as in ZooKeeper: two spellings of one letter are two znodes, although Swift calls such strings equal.
private struct ZnodeName: Sendable {
    private let form: Form

    /// A UUID takes sixteen octets in place of a string's hundred: there may be hundreds of thousands.
    private enum Form: Sendable {
        case uuid(UUIDName)
        case other(String)
    }

    init(_ text: String) { form = UUIDName(text).map(Form.uuid) ?? .other(text) }

    var text: String {
        switch form {
        case .uuid(let uuid): uuid.text
        case .other(let text): text
        }
    }
}

extension ZnodeName: Hashable, Comparable {
    static func == (left: ZnodeName, right: ZnodeName) -> Bool {
        switch (left.form, right.form) {
        case (.uuid(let left), .uuid(let right)): left == right
        case (.other(var left), .other(var right)): left.hasOctets(of: &right)
        default: false
        }
    }

    static func < (left: ZnodeName, right: ZnodeName) -> Bool {
        if case .uuid(let left) = left.form, case .uuid(let right) = right.form { return left < right }
        return left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        switch form {
        case .uuid(let uuid): hasher.combine(uuid)
        case .other(var text): text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }
}

extension String {
    /// Whether two texts are the same octets, compared by `memcmp`: their views as sequences would take many times as long.
    fileprivate mutating func hasOctets(of other: inout String) -> Bool {
        withUTF8 { own in
            other.withUTF8 { other in
                guard own.count == other.count, let left = own.baseAddress, let right = other.baseAddress else {
                    return own.isEmpty && other.isEmpty
                }
                return memcmp(left, right, own.count) == 0
            }
        }
    }
}

/// A UUID written as most are: 36 octets, lower-case digits, hyphens at their places (RFC 9562 §4). Ordered as its text.
private struct UUIDName: Hashable, Comparable, Sendable {
    private let upper: UInt64
    private let lower: UInt64

    private static let length = 36

    /// Whether a hyphen stands at this place of the text.
    private static func isHyphen(_ index: Int) -> Bool { index == 8 || index == 13 || index == 18 || index == 23 }

    /// Reads a UUID; nil for any other text.
    init?(_ text: String) {
        guard text.utf8.count == Self.length else { return nil }
        var text = text
        guard let (upper, lower) = text.withUTF8(Self.read) else { return nil }
        (self.upper, self.lower) = (upper, lower)
    }

    private static func read(_ octets: UnsafeBufferPointer<UInt8>) -> (upper: UInt64, lower: UInt64)? {
        var number: (upper: UInt64, lower: UInt64) = (0, 0)
        for (index, octet) in octets.enumerated() {
            if isHyphen(index) {
                guard octet == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = digit(octet) else { return nil }
            number.upper = number.upper << 4 | number.lower >> 60
            number.lower = number.lower << 4 | digit
        }
        return number
    }

    private static func digit(_ octet: UInt8) -> UInt64? {
        switch octet {
        case 48...57: UInt64(octet - 48)
        case 97...102: UInt64(octet - 87)
        default: nil
        }
    }

    var text: String {
        var digits = (upper: upper, lower: lower)
        return String(unsafeUninitializedCapacity: Self.length) { memory in
            for index in (0..<Self.length).reversed() {
                if Self.isHyphen(index) {
                    memory.initializeElement(at: index, to: UInt8(ascii: "-"))
                    continue
                }
                let digit = UInt8(digits.lower & 15)
                memory.initializeElement(at: index, to: digit < 10 ? digit + 48 : digit + 87)
                digits.lower = digits.lower >> 4 | digits.upper << 60
                digits.upper >>= 4
            }
            return Self.length
        }
    }

    static func < (left: UUIDName, right: UUIDName) -> Bool { (left.upper, left.lower) < (right.upper, right.lower) }
}
