/// Growing pauses between attempts, each somewhere between half and all of its length so that clients do not come back together.
package struct Backoff: Sendable {
    private let longest: Duration
    private var length: Duration

    /// Begins with a pause of up to `first`, doubled each time up to `longest`.
    package init(first: Duration = .milliseconds(100), longest: Duration) {
        self.longest = longest
        length = min(first, longest)
    }

    /// The next pause.
    package mutating func next() -> Duration {
        defer { length = min(length * 2, longest) }
        return length * Double.random(in: 0.5...1)
    }
}
