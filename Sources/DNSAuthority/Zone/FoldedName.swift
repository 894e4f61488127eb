/// A wire name to look up: ASCII letters in lower case (RFC 4343 §3), and behind it zeros up to a multiple of sixteen octets.
///
/// Length octets are at most 63 and so below every letter: the wire form is folded without a look at what is a length and what a letter.
/// A view, valid as long as the memory that holds the folded name.
struct FoldedName {
    let octets: UnsafeRawPointer
    /// Octets of the name itself.
    let length: Int

    /// Words of memory that the longest name takes: it is folded 32 octets at a time, and the word behind its end is cleared.
    static let capacity = (DomainName.maximumLength + 8 + 31) / 32 * 4

    /// A name that is folded already, with its zeros behind it.
    init(folded octets: UnsafeRawPointer, length: Int) {
        self.octets = octets
        self.length = length
    }

    /// Folds a name of 1 to 255 octets into memory of `capacity` words. Reads up to 31 octets past the name's end and masks them off.
    @inline(__always)
    init(_ name: UnsafeRawPointer, length: Int, in words: UnsafeMutablePointer<UInt64>) {
        let memory = UnsafeMutableRawPointer(words)
        var offset = 0
        repeat {
            let octets = name.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
            memory.storeBytes(of: Self.lowercased(octets), toByteOffset: offset, as: SIMD4<UInt64>.self)
            offset &+= 32
        } while offset < length
        // Little-endian: the octets past the end are the upper ones.
        let last = length >> 3
        words[last] = (UInt64(littleEndian: words[last]) & (1 &<< UInt64(truncatingIfNeeded: (length & 7) &* 8) &- 1)).littleEndian
        // The next word may be the second of a pair, and is read with an origin's last octets.
        words[last &+ 1] = 0
        octets = UnsafeRawPointer(words)
        self.length = length
    }

    /// A hash of the name, sixteen octets at a time, the zeros behind it included (Wang Yi's wyhash in small). The seed is secret: who chooses
    /// service names cannot choose their slots.
    @inline(__always)
    func hash(seed: UInt64) -> UInt64 {
        var hash = seed
        var offset = 0
        repeat {
            let first = UInt64(littleEndian: octets.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let second = UInt64(littleEndian: octets.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
            hash = Self.mix(hash ^ first, second ^ 0x9E37_79B9_7F4A_7C15)
            offset &+= 16
        } while offset < length
        return Self.mix(hash ^ UInt64(truncatingIfNeeded: length), 0xE703_7ED1_A0B4_28DB)
    }

    /// The last labels of the name, of so many octets together. Only after `clearForSuffixes`.
    func suffix(_ count: Int) -> FoldedName { FoldedName(folded: octets + (length &- count), length: count) }

    /// Clears the octets behind the name that are read with its last labels: those have no multiple of sixteen for a beginning. Only where the
    /// memory has `capacity` words.
    func clearForSuffixes() {
        (UnsafeMutableRawPointer(mutating: octets) + length).storeBytes(of: SIMD2(0, 0), as: SIMD2<UInt64>.self)
    }

    /// The name without its zeros.
    var wire: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: octets, count: length) }

    /// Whether this is a name in lower case, behind which there are seven octets of any kind.
    @inline(__always)
    func equals(_ name: UnsafeRawBufferPointer) -> Bool {
        guard let start = name.baseAddress, name.count == length else { return false }
        return matches(start, length, from: 0)
    }

    /// Whether the octets from `start` on are the `count` octets at `other`, at least one. Of fewer than eight those past the end are shifted
    /// out; the last of more are compared together with some that have been compared before.
    @inline(__always)
    private func matches(_ other: UnsafeRawPointer, _ count: Int, from start: Int) -> Bool {
        let own = octets + start
        func difference(_ offset: Int) -> UInt64 {
            own.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        if count < 8 { return UInt64(littleEndian: difference(0)) &<< UInt64(truncatingIfNeeded: (8 &- count) &* 8) == 0 }
        var offset = 0
        while offset &+ 16 < count {
            guard difference(offset) | difference(offset &+ 8) == 0 else { return false }
            offset &+= 16
        }
        return difference(min(offset, count &- 8)) | difference(count &- 8) == 0
    }

    /// Whether the name is at or below an origin in lower case, behind which there are seven octets of any kind. O(octets of the origin +
    /// labels below it), no allocation.
    @inline(__always)
    func isAtOrBelow(_ origin: UnsafeRawPointer, length originLength: Int) -> Bool {
        let above = length &- originLength
        guard above >= 0, matches(origin, originLength, from: above) else { return false }
        var offset = 0
        while offset < above { offset &+= 1 &+ Int(octets.load(fromByteOffset: offset, as: UInt8.self)) }
        return offset == above
    }

    /// Sets bit 5 of each octet between 41 and 5A, all 32 at once.
    @inline(__always)
    private static func lowercased(_ octets: SIMD4<UInt64>) -> SIMD4<UInt64> {
        let sevenBits = octets & 0x7F7F_7F7F_7F7F_7F7F
        let atLeastA = sevenBits &+ 0x3F3F_3F3F_3F3F_3F3F
        let aboveZ = sevenBits &+ 0x2525_2525_2525_2525
        return octets | ((atLeastA ^ aboveZ) & ~octets & 0x8080_8080_8080_8080) &>> 2
    }

    @inline(__always)
    static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

// MARK: Names of zones

extension ZoneNode {
    /// The name where it stands, to be compared: without zeros behind it, it must not be hashed.
    var folded: FoldedName { FoldedName(folded: wire, length: name.count) }
}

extension FoldedName {
    /// A name that is folded already, copied into memory of `capacity` words with zeros behind it.
    init(padding name: UnsafeRawBufferPointer, in memory: UnsafeMutableRawPointer) {
        // A multiple of sixteen, with eight behind the name at least.
        let room = (name.count + 8 + 15) & ~15
        if let start = name.baseAddress { memory.copyMemory(from: start, byteCount: name.count) }
        (memory + name.count).initializeMemory(as: UInt8.self, repeating: 0, count: room - name.count)
        self.init(folded: UnsafeRawPointer(memory), length: name.count)
    }

    /// Memory for a name with what is wanted behind it.
    static func withMemory<Result>(_ body: (UnsafeMutableRawPointer) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: capacity * 8, alignment: 16) { memory in
            guard let start = memory.baseAddress else { preconditionFailure("a capacity above 0 has an address") }
            return body(start)
        }
    }
}
