/// A small generator (Knuth's MMIX, a linear congruential one) that says which record comes first; nothing secret depends on it.
struct Randomness {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
        // Seeds that are near each other shall not begin alike.
        for _ in 0..<4 { _ = next(below: 1) }
    }

    /// A number from 0 to `bound` - 1, each equally likely but for `bound` in 2⁶⁴; 0 if `bound` is 0. Taken from the upper bits, which are
    /// the random ones.
    @inline(__always)
    mutating func next(below bound: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state.multipliedFullWidth(by: bound).high
    }
}
