/// How much may happen a second on average, whatever causes it; after a quiet second, a second's worth at once.
struct TokenBucket {
    /// Tokens a second.
    let rate: Int
    /// From when on the next tokens may be used.
    private var next: ContinuousClock.Instant?

    /// A bucket that is full.
    init(rate: Int) { self.rate = rate }

    /// Takes tokens; from when on they may be used. More than there are delay only what comes after.
    mutating func take(_ count: Int, at now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        let full = now - .seconds(1)
        let start = max(next ?? full, full)
        next = start + .seconds(1) * count / rate
        return start
    }
}
