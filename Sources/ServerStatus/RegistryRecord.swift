import ProviderRegistry
import Synchronization

/// A zone's registry as it is served now, with when each service last changed, and what has changed since the zone was published last.
struct RegistryRecord: Sendable {
    /// Whether the registry has been read.
    private(set) var isRead = false
    /// All services with their providers, held ones included.
    private(set) var registry = Registry()
    /// When services last changed, of those that have since the registry was read.
    private(set) var changedAt: [ServiceName: ContinuousClock.Instant] = [:]
    /// When the held providers go.
    private(set) var held: HeldTimes
    /// Services that have changed since that was last taken, with how many providers each had before; nil inside for a new one.
    private var pending: [ServiceName: Int?] = [:]
    /// Another number after each change, which no other record has had.
    private(set) var generation = nextGeneration
    /// Another number after each change of which services there are, which no other record has had.
    private(set) var namesGeneration = nextGeneration
    /// The number that comes next, of all records.
    private static let generations = Atomic(0)

    private static var nextGeneration: Int { generations.add(1, ordering: .relaxed).newValue }

    init(holdDown: Duration) { held = HeldTimes(lifetime: holdDown) }

    /// How long providers are held whose services have others.
    var holdDown: Duration {
        get { held.lifetime }
        set { held.lifetime = newValue }
    }

    /// Takes in what the follower of the registry reports.
    mutating func take(_ update: RegistryUpdate, at now: ContinuousClock.Instant) {
        switch update {
        case .complete(let registry): replace(with: registry, at: now)
        case .changed(let change):
            guard isRead else { return }
            for (name, service) in change.services { set(name, to: service, at: now) }
        case .connected: held.run(at: now)
        case .disconnected(let instant): held.stop(at: instant)
        case .unusable, .mended, .repaired: return
        }
        generation = Self.nextGeneration
    }

    private mutating func replace(with new: Registry, at now: ContinuousClock.Instant) {
        (isRead, registry, changedAt) = (true, new, [:])
        namesGeneration = Self.nextGeneration
        for (name, service) in new.services where !service.held.isEmpty { held.take(service.held, of: name, at: now) }
    }

    private mutating func set(_ name: ServiceName, to service: Service?, at now: ContinuousClock.Instant) {
        let old = registry.services[name]
        guard old != service else { return }
        registry.services[name] = service
        if old == nil || service == nil { namesGeneration = Self.nextGeneration }
        changedAt[name] = service == nil ? nil : now
        held.take(service?.held ?? [], of: name, at: now)
        if pending[name] == nil { pending[name] = .some(old?.count) }
    }

    /// The services that have changed since that was last taken, by name; at most so many, and how many more there are.
    mutating func takeChanges(atMost limit: Int) -> (changes: [ServiceChange], more: Int) {
        defer { pending = [:] }
        // Sorted only where people can read all of it.
        let names = pending.count > limit ? Array(pending.keys.prefix(limit)) : pending.keys.sorted()
        let changes = names.map { name in
            let service = registry.services[name]
            return ServiceChange(
                name: BoundedText.cut(name.text), providers: service?.count, held: service?.held.count ?? 0, before: pending[name] ?? nil)
        }
        return (changes, pending.count - changes.count)
    }
}

/// Text of registrants as it is shown: ZooKeeper takes names of a megabyte.
enum BoundedText {
    /// Most characters that are shown.
    private static let longest = 300

    /// The text, or its first characters with an ellipsis.
    static func cut(_ text: String) -> String {
        text.utf8.count <= longest ? text : text.count <= longest ? text : text.prefix(longest) + "…"
    }
}
