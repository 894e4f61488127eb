import ProviderRegistry

/// The time after an outage, or after a mass removal, in which providers that vanish are held.
///
/// After an outage it guards every service: no registrant can bring that about. A mass removal may be one registrant's own doing, so that
/// it must not keep the removals of others from taking effect for as long as it is repeated. For a short time after it every service that
/// loses a provider is guarded, as in the short time before it: sessions that end together do so within seconds. After that, only services
/// that have lost some by then are, and those that lose more than half of their own providers. It lasts no longer if it happens again, and
/// opens again only once it is over.
struct GuardWindow {
    /// The time in which more than half of all providers must vanish to be held, and in which a service that loses any is guarded after that.
    static let massRemovalPeriod: Duration = .seconds(10)
    /// Of fewer providers any number may vanish at once.
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

    /// Whether so many providers are missing that something else must be wrong than they.
    static func isMassRemoval(missing: Int, present: Int) -> Bool { present + missing >= fewestGuarded && missing > present }

    /// Whether it is not over yet.
    func isOpen(at time: Duration) -> Bool { time < end }

    /// Whether providers of a service are held that vanish at this time.
    func guards(_ name: ServiceName, at time: Duration) -> Bool { isOpen(at: time) && services?.contains(name) != false }

    /// Whether a service that it does not guard yet, and that is lately missing so many providers, is to join.
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

/// Time that passes only while the registry is within reach: what has vanished cannot be seen to return in any other.
struct ReachableTime {
    /// How much had passed when it began to run, or stopped.
    private var passed: Duration = .zero
    private var runningSince: ContinuousClock.Instant?

    /// How much has passed.
    func passed(at now: ContinuousClock.Instant) -> Duration {
        passed + (runningSince.map { max(.zero, $0.duration(to: now)) } ?? .zero)
    }

    /// Stops it.
    mutating func stop(at now: ContinuousClock.Instant) {
        passed = passed(at: now)
        runningSince = nil
    }

    /// Lets it run on if it stands.
    mutating func run(at now: ContinuousClock.Instant) { runningSince = runningSince ?? now }

    /// When so much will have passed; nil while it stands.
    func instant(of time: Duration) -> ContinuousClock.Instant? { runningSince?.advanced(by: time - passed) }
}
