/// Names as they are compared on the query path: eight octets at a time, ASCII letters in lower case (RFC 4343 §3).
///
/// Length octets are at most 63 and so below every letter: the whole wire form may be folded without telling them apart.
/// Every function here reads up to seven octets past the name's end and masks them off.
enum NameOctets {
    /// A hash of a wire name of `length` octets. The seed keeps those who choose service names from choosing where they land.
    @inline(__always)
    static func hash(_ name: UnsafeRawPointer, length: Int, seed: UInt64) -> UInt64 {
        var hash = seed
        var offset = 0
        while offset < length {
            hash = mix(hash ^ word(name, offset, length))
            offset += 8
        }
        return mix(hash ^ UInt64(truncatingIfNeeded: length))
    }

    /// Whether a wire name equals one that is stored in lower case and padded with zeros.
    @inline(__always)
    static func equal(_ name: UnsafeRawPointer, stored: UnsafeRawPointer, length: Int) -> Bool {
        var offset = 0
        while offset < length {
            guard word(name, offset, length) == stored.loadUnaligned(fromByteOffset: offset, as: UInt64.self) else { return false }
            offset += 8
        }
        return true
    }

    /// Eight octets of a name in lower case, those past its end zero.
    @inline(__always)
    private static func word(_ name: UnsafeRawPointer, _ offset: Int, _ length: Int) -> UInt64 {
        let octets = UInt64(littleEndian: name.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        let left = length - offset
        return UInt64(littleEndian: lowercased(left >= 8 ? octets : octets & ((1 << UInt64(left * 8)) &- 1)))
    }

    /// Sets bit 5 of each octet between 41 and 5A, all eight at once.
    @inline(__always)
    private static func lowercased(_ octets: UInt64) -> UInt64 {
        let sevenBits = octets & 0x7F7F_7F7F_7F7F_7F7F
        let atLeastA = sevenBits &+ 0x3F3F_3F3F_3F3F_3F3F
        let aboveZ = sevenBits &+ 0x2525_2525_2525_2525
        return octets | ((atLeastA ^ aboveZ) & ~octets & 0x8080_8080_8080_8080) >> 2
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }
}
