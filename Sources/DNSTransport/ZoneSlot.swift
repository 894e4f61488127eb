import DNSAuthority
import Synchronization

/// Where workers find the zones to answer from: they look at a number before each batch and take the lock only when it has changed.
final class ZoneSlot: Sendable {
    private struct Content {
        var zones: ServedZones
        var policy: QueryPolicy
        /// Kept until the next zones come: most often every worker has let go of them by then, and none has to take them apart between queries.
        var previous: ServedZones?
    }

    private let generation = Atomic<UInt64>(1)
    private let content: Mutex<Content>

    init(_ zones: ServedZones, _ policy: QueryPolicy = QueryPolicy()) { content = Mutex(Content(zones: zones, policy: policy)) }

    /// The zones to answer from, for those who ask rarely.
    var zones: ServedZones { content.withLock { $0.zones } }

    /// The zones to answer from, and by which policy.
    var served: (zones: ServedZones, policy: QueryPolicy) { content.withLock { ($0.zones, $0.policy) } }

    /// Has new zones served from each worker's next batch on.
    func publish(_ zones: ServedZones) {
        // Let go of outside the lock: the thread that drops the last reference takes whole zones apart.
        _ = content.withLock { content in
            defer { content = Content(zones: zones, policy: content.policy, previous: content.zones) }
            return content.previous
        }
        generation.add(1, ordering: .releasing)
    }

    /// Has queries answered by another policy from each worker's next batch on.
    func serve(_ policy: QueryPolicy) {
        content.withLock { $0.policy = policy }
        generation.add(1, ordering: .releasing)
    }

    /// One worker's hold on the zones and the policy.
    struct Reader {
        private let slot: ZoneSlot
        private var seen: UInt64 = 0
        private(set) var zones = ServedZones()
        private(set) var policy = QueryPolicy()

        init(_ slot: ZoneSlot) { self.slot = slot }

        /// Takes hold of the newest zones and policy; whether either is another than before.
        mutating func refresh() -> Bool {
            let current = slot.generation.load(ordering: .acquiring)
            guard current != seen else { return false }
            seen = current
            (zones, policy) = slot.served
            return true
        }
    }
}
