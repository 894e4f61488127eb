/// Growing pauses between attempts, each somewhere between half and all of its length so that not everybody comes back at once.
package struct Backoff: Sendable {
    private static let first: Duration = .milliseconds(100)
    private static let longest: Duration = .seconds(5)

    private var length = Backoff.first

    /// Begins with the shortest.
    package init() {}

    /// The next pause.
    package mutating func next() -> Duration {
        defer { length = min(length * 2, Self.longest) }
        return length * Double.random(in: 0.5...1)
    }
}
