import ProviderRegistry

/// When held providers go, as far as that can be known: their time passes only while ZooKeeper is within reach, and the last ones of a service
/// have twice as much.
///
/// It begins for each provider when the follower first reports it as held, milliseconds after the hold-down has counted it. The hold-down lets
/// a provider go earlier if its znode returns, its host refuses it, or as many new providers have come.
struct HeldTimes: Sendable {
    private let lifetime: Duration
    /// Of each held provider, how much time had passed within reach when it was first held.
    private var beginnings: [ServiceName: [HeldProvider: Duration]] = [:]
    /// How much time had passed within reach when that last began or ended.
    private var passed: Duration = .zero
    /// Since when the registry has been within reach; nil while it is out of reach.
    private var runningSince: ContinuousClock.Instant?

    /// How long one is held whose service has others.
    init(lifetime: Duration) { self.lifetime = lifetime }

    /// Whether time passes.
    var isRunning: Bool { runningSince != nil }

    /// How many are held.
    var count: Int { beginnings.values.reduce(0) { $0 + $1.count } }

    /// The services of which some are held.
    var services: some Collection<ServiceName> { beginnings.keys }

    /// Time passes from now on.
    mutating func run(at now: ContinuousClock.Instant) { runningSince = runningSince ?? now }

    /// Time stands still from now on.
    mutating func stop(at now: ContinuousClock.Instant) {
        passed = time(at: now)
        runningSince = nil
    }

    /// Takes in which providers of a service are held.
    mutating func take(_ held: [HeldProvider], of name: ServiceName, at now: ContinuousClock.Instant) {
        guard !held.isEmpty else {
            beginnings[name] = nil
            return
        }
        let (old, time) = (beginnings[name] ?? [:], time(at: now))
        beginnings[name] = Dictionary(held.map { ($0, old[$0] ?? time) }) { first, _ in first }
    }

    /// How much time a held provider has left; `isLast` if its service has no provider that is not held. Nil if it is not held.
    func left(_ provider: HeldProvider, of name: ServiceName, isLast: Bool, at now: ContinuousClock.Instant) -> Duration? {
        guard let beginning = beginnings[name]?[provider] else { return nil }
        return max(.zero, beginning + lifetime * (isLast ? 2 : 1) - time(at: now))
    }

    private func time(at now: ContinuousClock.Instant) -> Duration {
        passed + (runningSince.map { max(.zero, $0.duration(to: now)) } ?? .zero)
    }
}
