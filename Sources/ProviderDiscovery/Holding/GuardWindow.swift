import ProviderRegistry

/// The time after an outage, or after a mass removal, in which providers that vanish are held.
///
/// After an outage the window guards every service: no registrant can cause an outage. A mass removal may be one registrant's own doing, and
/// must not keep the removals of others from taking effect, however often it is repeated. So its window guards the services that lost a
/// provider shortly before or after it, since sessions that end together do so within seconds. Later, only services that lose more than half of
/// their own providers join. A further mass removal makes the window no longer; it opens again only once it is over.
struct GuardWindow {
    /// The time in which more than half of all providers must vanish; and the time after that in which a service that loses any is guarded.
    static let massRemovalPeriod: Duration = .seconds(10)
    /// A registry of fewer providers has no mass removals.
    static let fewestGuarded = 10

    private let duration: Duration
    private var end: Duration
    /// Whether it begins only when the registry has been read again.
    private var awaitsReading = false
    /// The services that are guarded; nil for all.
    private var services: Set<ServiceName>?
    /// Until when services join that lose any provider.
    private var openUntil: Duration

    private init(at time: Duration, duration: Duration) {
        self.duration = duration
        (end, openUntil) = (time + duration, time + Self.massRemovalPeriod)
    }

    /// The window after an outage, which lasts for `duration`, and for as long again from when the registry has been read.
    static func afterOutage(at time: Duration, duration: Duration) -> GuardWindow {
        var window = GuardWindow(at: time, duration: duration)
        window.awaitsReading = true
        return window
    }

    /// The window after a mass removal, which guards no service yet.
    static func afterMassRemoval(at time: Duration, duration: Duration) -> GuardWindow {
        var window = GuardWindow(at: time, duration: duration)
        window.services = []
        return window
    }

    /// Whether so many providers are missing that the cause must be elsewhere.
    static func isMassRemoval(missing: Int, present: Int) -> Bool { present + missing >= fewestGuarded && missing > present }

    /// Whether the window is not over yet.
    func isOpen(at time: Duration) -> Bool { time < end }

    /// Whether providers of a service are held that vanish at this time.
    func guards(_ name: ServiceName, at time: Duration) -> Bool { isOpen(at: time) && services?.contains(name) != false }

    /// Whether a service that is lately missing so many providers is to be guarded, too.
    func reaches(missing: Int, present: Int, at time: Duration) -> Bool {
        isOpen(at: time) && missing > (time < openUntil ? 0 : present)
    }

    /// Guards a service from now on.
    mutating func join(_ name: ServiceName) { services?.insert(name) }

    /// Takes in that the registry has been read again.
    mutating func registryWasRead(at time: Duration) {
        if awaitsReading { end = time + duration }
        awaitsReading = false
    }
}

/// Time that passes only while the registry is within reach: only then can a vanished provider be seen to return.
struct ReachableTime {
    /// How much had passed when it began to run, or stopped.
    private var passed: Duration = .zero
    private var runningSince: ContinuousClock.Instant?

    /// How much has passed.
    func passed(at now: ContinuousClock.Instant) -> Duration {
        passed + (runningSince.map { max(.zero, $0.duration(to: now)) } ?? .zero)
    }

    /// Lets no time pass.
    mutating func stop(at now: ContinuousClock.Instant) {
        passed = passed(at: now)
        runningSince = nil
    }

    /// Lets the time pass again.
    mutating func run(at now: ContinuousClock.Instant) { runningSince = runningSince ?? now }

    /// When so much time will have passed; nil while none passes.
    func instant(of time: Duration) -> ContinuousClock.Instant? { runningSince?.advanced(by: time - passed) }
}
