import Glibc

/// The name of a service's znode.
package struct ServiceName: Hashable, Comparable, Sendable {
    private let znode: ZnodeName

    /// A service whose znode has this name: any text without a slash.
    package init(_ text: String) { znode = ZnodeName(text) }

    /// The name as text.
    package var text: String { znode.text }

    /// Calls a function with the name's octets. Not generic, as generic code of other modules is slow.
    package func read(_ body: (UnsafeRawBufferPointer) -> Void) { znode.read(body) }

    package static func < (left: ServiceName, right: ServiceName) -> Bool { left.znode < right.znode }
}

/// The name of a provider's znode.
package struct InstanceName: Hashable, Comparable, Sendable {
    fileprivate let znode: ZnodeName

    /// A provider whose znode has this name: any text without a slash.
    package init(_ text: String) { znode = ZnodeName(text) }

    /// The name as text.
    package var text: String { znode.text }

    /// Calls a function with the name's octets. Not generic, as generic code of other modules is slow.
    package func read(_ body: (UnsafeRawBufferPointer) -> Void) { znode.read(body) }

    package static func < (left: InstanceName, right: InstanceName) -> Bool { left.znode < right.znode }
}

extension InstanceName {
    /// Whether it is a UUID in its common form: 36 lower-case digits and hyphens.
    package var isUUID: Bool { znode.isUUID }
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

    var isUUID: Bool { if case .uuid = form { true } else { false } }

    var text: String {
        switch form {
        case .uuid(let uuid): uuid.text
        case .other(let text): text
        }
    }

    func read(_ body: (UnsafeRawBufferPointer) -> Void) {
        switch form {
        case .uuid(let uuid): uuid.read(body)
        case .other(var text): text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
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

    /// Whether a hyphen stands before a digit, of which there are 32.
    private static func isHyphen(before digit: Int) -> Bool { digit == 8 || digit == 12 || digit == 16 || digit == 20 }

    /// Reads a UUID; nil for any other text.
    init?(_ text: String) {
        guard text.utf8.count == Self.length else { return nil }
        var text = text
        guard let words = text.withUTF8({ Self.words($0) }) else { return nil }
        (upper, lower) = words
    }

    private static func words(_ octets: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64)? {
        var (upper, lower): (UInt64, UInt64) = (0, 0)
        var next = 0
        for index in 0..<32 {
            if isHyphen(before: index) {
                guard octets[next] == UInt8(ascii: "-") else { return nil }
                next += 1
            }
            guard let digit = digit(octets[next]) else { return nil }
            next += 1
            if index < 16 { upper = upper << 4 | digit } else { lower = lower << 4 | digit }
        }
        return (upper, lower)
    }

    private static func digit(_ octet: UInt8) -> UInt64? {
        switch octet {
        case 48...57: UInt64(octet - 48)
        case 97...102: UInt64(octet - 87)
        default: nil
        }
    }

    var text: String {
        var text = ""
        read { text = String(decoding: $0, as: UTF8.self) }
        return text
    }

    func read(_ body: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: Self.length, alignment: 1) { memory in
            let hyphen = UInt8(ascii: "-")
            let middle = (Self.digits(upper), Self.digits(lower >> 32))
            memory.storeBytes(of: Self.digits(upper >> 32), as: UInt64.self)
            memory.storeBytes(of: UInt32(truncatingIfNeeded: middle.0), toByteOffset: 9, as: UInt32.self)
            memory.storeBytes(of: UInt32(truncatingIfNeeded: middle.0 >> 32), toByteOffset: 14, as: UInt32.self)
            memory.storeBytes(of: UInt32(truncatingIfNeeded: middle.1), toByteOffset: 19, as: UInt32.self)
            memory.storeBytes(of: UInt32(truncatingIfNeeded: middle.1 >> 32), toByteOffset: 24, as: UInt32.self)
            memory.storeBytes(of: Self.digits(lower), toByteOffset: 28, as: UInt64.self)
            (memory[8], memory[13], memory[18], memory[23]) = (hyphen, hyphen, hyphen, hyphen)
            body(UnsafeRawBufferPointer(memory))
        }
    }

    /// The lower 32 bits of a word as eight digits, the first one in the lowest octet: all of them at once.
    private static func digits(_ word: UInt64) -> UInt64 {
        var digits = word & 0xFFFF_FFFF
        digits = (digits | digits << 16) & 0x0000_FFFF_0000_FFFF
        digits = (digits | digits << 8) & 0x00FF_00FF_00FF_00FF
        digits = (digits | digits << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let areLetters = ((digits &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        return (digits &+ 0x3030_3030_3030_3030 &+ areLetters &* 39).byteSwapped
    }

    static func < (left: UUIDName, right: UUIDName) -> Bool { (left.upper, left.lower) < (right.upper, right.lower) }
}
