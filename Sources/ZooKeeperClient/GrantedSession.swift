/// A session as a server grants it: an id, and a timeout that may not be what was asked for.
struct GrantedSession: Hashable, Sendable {
    /// Never 0, which stands for no session.
    let id: Int64
    /// Within `timeouts`.
    let timeout: Duration

    /// Timeouts that the C client can work with. It tries servers again every sixtieth of the timeout, in whole milliseconds: below 60 ms it would do
    /// so without a pause. An hour is the longest that can be asked for; from some weeks on the C client's arithmetic overflows.
    private static let timeouts: ClosedRange<Int32> = 60...3_600_000

    /// A session of this id and timeout in milliseconds. Throws what is wrong with it.
    init(id: Int64, timeout milliseconds: Int32) throws(SessionObstacle) {
        guard id != 0 else { throw .unusable("without an id") }
        guard Self.timeouts.contains(milliseconds) else { throw .unusable("with a timeout of \(milliseconds) ms") }
        self.id = id
        timeout = .milliseconds(milliseconds)
    }
}
