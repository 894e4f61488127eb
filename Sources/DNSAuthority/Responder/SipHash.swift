/// SipHash-2-4, a keyed hash of 64 bits (Aumasson and Bernstein, 2012). Takes its input in words of eight octets, little-endian.
struct SipHash {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64

    /// Begins with a key of sixteen octets: two words.
    @inline(__always)
    init(_ first: UInt64, _ second: UInt64) {
        v0 = first ^ 0x736F_6D65_7073_6575
        v1 = second ^ 0x646F_7261_6E64_6F6D
        v2 = first ^ 0x6C79_6765_6E65_7261
        v3 = second ^ 0x7465_6462_7974_6573
    }

    /// Adds eight octets.
    @inline(__always)
    mutating func add(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    /// Adds the octets behind the last whole word, zeros behind them, and gives the hash. `length`: octets of the whole input.
    @inline(__always)
    mutating func finish(_ rest: UInt64, length: Int) -> UInt64 {
        add(rest | UInt64(truncatingIfNeeded: length) &<< 56)
        v2 ^= 0xFF
        for _ in 0..<4 { round() }
        return v0 ^ v1 ^ v2 ^ v3
    }

    @inline(__always)
    private mutating func round() {
        v0 &+= v1
        v2 &+= v3
        v1 = Self.rotated(v1, 13) ^ v0
        v3 = Self.rotated(v3, 16) ^ v2
        v0 = Self.rotated(v0, 32) &+ v3
        v2 &+= v1
        v3 = Self.rotated(v3, 21) ^ v0
        v1 = Self.rotated(v1, 17) ^ v2
        v2 = Self.rotated(v2, 32)
    }

    @inline(__always)
    private static func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word &<< bits | word &>> (64 &- bits) }
}
