import DNSAuthority
import Synchronization

/// Where workers find the zones to answer from: they look at a number before each batch and take the lock only when it has changed.
final class ZoneSlot: Sendable {
    private let generation = Atomic<UInt64>(1)
    private let zones: Mutex<ServedZones>

    init(_ zones: ServedZones) { self.zones = Mutex(zones) }

    /// Has new zones served from each worker's next batch on.
    func publish(_ zones: ServedZones) {
        self.zones.withLock { $0 = zones }
        generation.add(1, ordering: .releasing)
    }

    /// One worker's hold on the zones.
    struct Reader {
        private let slot: ZoneSlot
        private var seen: UInt64 = 0
        private(set) var zones = ServedZones()

        init(_ slot: ZoneSlot) { self.slot = slot }

        /// Takes hold of the newest zones.
        mutating func refresh() {
            let current = slot.generation.load(ordering: .acquiring)
            guard current != seen else { return }
            seen = current
            zones = slot.zones.withLock { $0 }
        }
    }
}
