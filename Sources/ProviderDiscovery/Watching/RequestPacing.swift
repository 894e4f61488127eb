import HeapModule

/// Decides when a path may be asked for again, so that no server and no registrant makes a loop run hot.
///
/// What is asked for because something happened goes out at once after a quiet time, and ten times a second at most on average; a long list
/// less often, by its length; all lists together by their names, or many that are just short enough would cost as much. A short list that has
/// brought something new goes out at once again, as long as all such lists together have few names. A path whose last answers brought nothing
/// waits longer after each.
struct RequestPacing {
    /// The least time between two requests for one path on average: what happens more often is seen ten times a second.
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
    /// Names a second that lists bring at most on average which go out before their interval is over, because they have brought something new.
    static let quickNamesPerSecond = 20_000
    /// What such a list costs beside its names, in names.
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
            // Those that went out before their time do not delay others beyond what a burst does.
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
        // The root's list is one path, and proves the connection. What failed waits for its pause.
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

    /// Nothing is known of a path any more, nor wanted.
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

/// How much may happen a second on average, whatever causes it; after a quiet second, a second's worth at once.
struct TokenBucket {
    /// Tokens a second.
    let rate: Int
    /// From when on the next tokens may be used.
    private var start: ContinuousClock.Instant?

    /// A bucket that is full.
    init(rate: Int) { self.rate = rate }

    /// From when on tokens that are taken now may be used.
    func next(at now: ContinuousClock.Instant) -> ContinuousClock.Instant { max(start ?? now - .seconds(1), now - .seconds(1)) }

    /// Takes tokens; from when on they may be used. More than there are delay only what comes after.
    mutating func take(_ count: Int, at now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        let next = next(at: now)
        start = next + .seconds(1) * count / rate
        return next
    }
}
