/// A small generator (SplitMix64) that says which record comes first; nothing secret depends on it.
struct Randomness {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    @inline(__always)
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A number from 0 to `bound` - 1, each equally likely but for one in 2⁶⁴; 0 if `bound` is 0.
    @inline(__always)
    mutating func next(below bound: UInt64) -> UInt64 { next().multipliedFullWidth(by: bound).high }
}
