import HeapModule

/// Decides when a path may be asked for again, so that no server and no registrant makes a loop run hot.
///
/// After a quiet time a request goes out at once; on average one path has ten requests a second at most. A long list has fewer, by its length,
/// and all lists together have a bound on their names, or many that are just short enough would cost as much. A short list that has brought
/// something new may go out again at once, as long as all such lists together have few names. After answers that brought nothing, a path waits
/// longer each time.
struct RequestPacing {
    /// The least time between two requests for one path on average.
    static let interval: Duration = .milliseconds(100)
    /// How many requests for one path may follow each other at once after a quiet time.
    static let burst = 5
    /// Lists with more names than this are not asked for in bursts: each costs its whole length.
    static let longList = 1000
    /// Names a second that lists of one path bring at most on average: about a tenth of a core.
    static let namesPerSecond = 100_000
    /// Lists with at most so many names wait for no others: each costs hardly more than the request.
    static let shortList = 100
    /// Names a second that all other lists of services bring at most on average: one path can use up half of them.
    static let allNamesPerSecond = 200_000
    /// Names a second at most, on average, of lists that go out before their interval is over, because they have brought something new.
    static let quickNamesPerSecond = 20_000
    /// What the request for such a list costs, in names.
    static let quickListCost = 10
    /// The pause after the first answer that brought nothing; each doubles it.
    static let firstPause: Duration = .milliseconds(100)
    /// The longest pause after answers that may be others soon.
    static let longestPause: Duration = .seconds(5)

    /// What is known of one path.
    private struct Path {
        /// When the next request is on time if all keep to their interval.
        var next: ContinuousClock.Instant
        /// No request before this, whatever happens.
        var earliest: ContinuousClock.Instant
        /// Answers in a row that brought nothing.
        var failures = 0
        /// When the request that waits is due; nil if none waits.
        var due: ContinuousClock.Instant?
        /// The time that the request which waits takes.
        var spacing = RequestPacing.interval
        /// Whether the last answer brought something new.
        var broughtNews = false

        /// A request goes out.
        mutating func send(at now: ContinuousClock.Instant) {
            // Requests that went out before their time delay later ones no more than a burst does.
            next = min(max(next, now) + spacing, now + max(spacing, RequestPacing.interval * RequestPacing.burst))
            broughtNews = false
        }
    }

    /// When a request is due.
    private struct Due: Comparable {
        let instant: ContinuousClock.Instant
        let request: WatchRequest

        static func < (left: Due, right: Due) -> Bool { left.instant < right.instant }
    }

    private var paths: [WatchRequest: Path] = [:]
    private var calendar = Heap<Due>()
    private var nextSweep: ContinuousClock.Instant?
    private var shared = TokenBucket(rate: allNamesPerSecond)
    private var quick = TokenBucket(rate: quickNamesPerSecond)

    /// Whether a request may go out now; if not, it waits and comes out of `takeDue` in time. `length`: names that its answer will have.
    mutating func admits(_ request: WatchRequest, length: Int, at now: ContinuousClock.Instant) -> Bool {
        var path = paths[request] ?? Path(next: now, earliest: now)
        guard path.due == nil else { return false }
        let isLong = length > Self.longList
        path.spacing = isLong ? max(Self.interval, .seconds(1) * length / Self.namesPerSecond) : Self.interval
        let onTime = isLong ? path.next : path.next - Self.interval * (Self.burst - 1)
        // Not the root's list, which proves the connection; nor what failed, which has its own pause.
        let isShared = length > Self.shortList && request != .listServices && path.failures == 0
        let instant = max(path.earliest, isShared ? max(onTime, shared.take(length, at: now)) : quickest(path, length, onTime, at: now))
        if instant > now {
            path.due = instant
            calendar.insert(Due(instant: instant, request: request))
        } else {
            path.send(at: now)
        }
        paths[request] = path
        return instant <= now
    }

    /// When a short list may go out that is on time at `onTime`.
    private mutating func quickest(
        _ path: Path, _ length: Int, _ onTime: ContinuousClock.Instant, at now: ContinuousClock.Instant
    ) -> ContinuousClock.Instant {
        guard onTime > now, path.broughtNews, length <= Self.shortList, quick.next(at: now) < onTime else { return onTime }
        return quick.take(Self.quickListCost + length, at: now)
    }

    /// The answer to a list has names that are new, or lacks some that it had.
    mutating func broughtNews(_ request: WatchRequest) { if !paths.isEmpty { paths[request]?.broughtNews = true } }

    /// An answer brought nothing: the next request for its path waits, `longest` at most. `isForgiven`: not for the first such answer.
    mutating func failed(
        _ request: WatchRequest, longest: Duration = longestPause, isForgiven: Bool = false, at now: ContinuousClock.Instant
    ) {
        var path = paths[request] ?? Path(next: now, earliest: now)
        path.failures += 1
        let steps = path.failures - (isForgiven ? 2 : 1)
        if steps >= 0 {
            let pause = min(longest, Self.firstPause * (1 << min(steps, 16)))
            // Spread by path, so that what failed together is not asked for together.
            let part = Double(UInt8(truncatingIfNeeded: request.hashValue)) / 256
            path.earliest = now + max(min(longest, Self.firstPause), pause * (0.75 + part / 4))
        }
        if let due = path.due, due < path.earliest {
            path.due = path.earliest
            calendar.insert(Due(instant: path.earliest, request: request))
        }
        paths[request] = path
    }

    /// An answer brought something.
    mutating func succeeded(_ request: WatchRequest) {
        guard !paths.isEmpty, let path = paths[request], path.failures > 0 else { return }
        paths[request]?.failures = 0
        paths[request]?.earliest = path.next - Self.interval * Self.burst
    }

    /// Has a request that waits go out at an instant if that is sooner.
    mutating func hasten(_ request: WatchRequest, to instant: ContinuousClock.Instant) {
        guard let due = paths[request]?.due, due > instant else { return }
        paths[request]?.due = instant
        calendar.insert(Due(instant: instant, request: request))
    }

    /// Whether a request waits for its time.
    func isWaiting(_ request: WatchRequest) -> Bool { !paths.isEmpty && paths[request]?.due != nil }

    /// Forgets a path.
    mutating func forget(_ request: WatchRequest) { if !paths.isEmpty { paths[request] = nil } }

    /// When `takeDue` has something to give; an instant at which it has nothing is harmless.
    var deadline: ContinuousClock.Instant? { calendar.min?.instant }

    /// The requests whose time has come.
    mutating func takeDue(at now: ContinuousClock.Instant) -> [WatchRequest] {
        var due: [WatchRequest] = []
        while let next = calendar.min, next.instant <= now {
            calendar.removeMin()
            let request = next.request
            guard var path = paths[request], path.due == next.instant else { continue }
            path.due = nil
            path.send(at: now)
            paths[request] = path
            due.append(request)
        }
        sweep(at: now)
        return due
    }

    /// Drops once a second the paths that need not wait.
    private mutating func sweep(at now: ContinuousClock.Instant) {
        guard !paths.isEmpty, nextSweep ?? now <= now else { return }
        nextSweep = now + .seconds(1)
        paths = paths.filter { $0.value.failures > 0 || $0.value.due != nil || $0.value.next > now }
    }
}

/// Bounds how much may happen a second on average; after a quiet second, a second's worth may happen at once.
struct TokenBucket {
    /// Tokens a second.
    let rate: Int
    /// From when on the next tokens may be used.
    private var start: ContinuousClock.Instant?

    /// A bucket that is full.
    init(rate: Int) { self.rate = rate }

    /// From when on tokens that are taken now may be used.
    func next(at now: ContinuousClock.Instant) -> ContinuousClock.Instant { max(start ?? now - .seconds(1), now - .seconds(1)) }

    /// Takes tokens; from when on they may be used. To take more tokens than there are delays only what is taken after them.
    mutating func take(_ count: Int, at now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        let next = next(at: now)
        start = next + .seconds(1) * count / rate
        return next
    }
}
