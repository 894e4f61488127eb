import DNSAuthority
import Handoff
import Logging
import ProviderDiscovery
import ProviderRegistry
import ZoneCompilation

/// Keeps the last registry of every zone in a file, and hands it to the watchers when ZooKeeper does not answer at start.
///
/// On a thread of its own: however slow the disk is, nothing else waits for it.
actor StateKeeper {
    private let file: StateFile
    private let chroot: String
    private let logger: Logger
    /// The zones by their origins.
    private var zones: [DomainName: Zone]
    private let mailbox = Mailbox<News>()
    private let thread = ThreadExecutor()

    /// The file lacks something that is known.
    private var isChanged = false
    /// When the file may be written next, and when it was last written.
    private var earliest = ContinuousClock.now
    private var written = ContinuousClock.now
    /// The latest time that the calendar's clock has shown or would show if it had not been set back: the file's time, from which serials go on
    /// after a restart.
    private var latest: ClockReading
    /// The last writing failed, which has been logged.
    private var isFailing = false

    /// The file is not one of zoodns, and stays as it is.
    private var isForeign = false

    /// How long ZooKeeper has to answer at start before what was kept is served.
    static let patience: Duration = .seconds(2)
    /// The pause after a writing; longer after one that took long, so that no more than a twentieth of a core goes into it.
    private static let pause: Duration = .seconds(1)
    private static let share = 20
    /// The pause after a writing that failed.
    private static let pauseAfterFailure: Duration = .seconds(10)
    /// How often the file's time is renewed while nothing changes; more often where answers may be stale for only a short time.
    private static let longestRefresh: Duration = .seconds(60)

    private enum News: Sendable {
        case update(RegistryUpdate, origin: DomainName)
        case zones([ZoneSettings])
    }

    private struct Zone {
        let source: SavedRegistry.Source
        /// What was right longer ago than this is of no use; nil: without limit.
        var maximumStale: Duration?
        /// Nil before anything is known.
        var registry: Registry?
        /// When the registry was last known to be right; nil while it is.
        var outSince: ContinuousClock.Instant? = .now
        /// The registry has been read in full, or the file's has been handed to the watcher.
        var isServed = false

        /// Whether ZooKeeper answers for the registry.
        var isCurrent: Bool { registry != nil && outSince == nil }

        /// Whether a registry that was right so long ago may be served.
        func allows(age: Duration) -> Bool { maximumStale.map { age <= $0 } ?? true }

        /// The registry to keep; nil before anything is known.
        func saved(at now: ContinuousClock.Instant) -> SavedRegistry? {
            registry.map { SavedRegistry(source: source, registry: $0, asOf: outSince ?? now) }
        }
    }

    /// A keeper of these zones' registries; those whose time to be stale is over when they are read from the file are of no use.
    init(_ file: StateFile, _ zones: [ZoneSettings], chroot: String, _ logger: Logger) {
        self.file = file
        self.chroot = chroot
        self.logger = logger
        self.zones = Self.zones(zones, chroot)
        latest = .now.notBefore(SerialSequence.leastTime(after: file.written))
    }

    private static func zones(_ zones: [ZoneSettings], _ chroot: String) -> [DomainName: Zone] {
        let kept = zones.map { zone in
            let layout = zone.source.layout
            // The format stands before the path, with what settings say of it: another format reads something else.
            let path = layout.text.dropLast(layout.pattern.count) + chroot + layout.pattern
            let source = SavedRegistry.Source(origin: zone.source.origin.text, path: path)
            return (zone.source.origin, Zone(source: source, maximumStale: zone.policy.maximumStale))
        }
        return Dictionary(kept) { first, _ in first }
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Takes in an update of a zone's watcher, from any thread.
    nonisolated func take(_ update: RegistryUpdate, for origin: DomainName) { mailbox.post(.update(update, origin: origin)) }

    /// Has these zones' registries kept from now on, and no others; from any thread.
    nonisolated func serve(_ zones: [ZoneSettings]) { mailbox.post(.zones(zones)) }

    /// Reads the file, hands in what it holds of the zones that have not been read in time, and writes what comes of them until the task is
    /// cancelled, and then once more. Throws if there is no thread to be had. Once only.
    nonisolated func run(_ restore: @escaping @Sendable (SavedRegistry, DomainName) -> Void) async throws(NoThread) {
        try thread.start()
        await work(restore)
        thread.stop()
    }

    private func work(_ restore: @Sendable (SavedRegistry, DomainName) -> Void) async {
        let deadline = ContinuousClock.now + Self.patience
        load()
        var isWaiting = true
        while let news = await mailbox.next(before: isWaiting ? deadline : nextWriting) {
            for item in news { take(item) }
            if isWaiting, deadline <= .now {
                isWaiting = false
                for (origin, zone) in zones {
                    guard !zone.isServed, let saved = zone.saved(at: .now) else { continue }
                    zones[origin]?.isServed = true
                    restore(saved, origin)
                }
            }
            if let due = nextWriting, due <= .now { write() }
        }
        for item in mailbox.take() { take(item) }
        if !isForeign, isChanged || zones.values.contains(where: \.isCurrent) { write() }
    }

    private func take(_ news: News) {
        switch news {
        case .update(let update, let origin): take(update, origin)
        case .zones(let settings):
            zones = Self.zones(settings, chroot).mapValues { new in
                guard var known = zones.values.first(where: { $0.source == new.source }) else { return new }
                known.maximumStale = new.maximumStale
                return known
            }
            isChanged = true
        }
    }

    private func take(_ update: RegistryUpdate, _ origin: DomainName) {
        switch update {
        case .unusable, .mended, .repaired: return
        case .complete(let registry):
            zones[origin]?.isServed = true
            // The watcher delivers the registry of the file as it was handed in.
            if zones[origin]?.registry == registry { return }
            zones[origin]?.registry = registry
        case .changed(let change): zones[origin]?.registry?.apply(change)
        case .connected: zones[origin]?.outSince = nil
        case .disconnected(let instant):
            if zones[origin]?.outSince == instant { return }
            zones[origin]?.outSince = instant
        }
        isChanged = true
    }
}

extension ClockReading {
    /// The same moment with a time that is this one's or later.
    fileprivate func notBefore(_ milliseconds: Int64) -> ClockReading {
        ClockReading(instant: instant, milliseconds: max(self.milliseconds, milliseconds))
    }
}

// MARK: The file

extension StateKeeper {
    /// Takes in what the file holds of the zones: one warning if that is nothing, whatever the reason.
    private func load() {
        let clock = ClockReading.now
        do {
            guard let octets = try file.read(limit: RegistryFile.largest) else { return }
            let all = try RegistryFile.decode(octets, at: clock)
            let own = all.filter { saved in zones.values.contains { $0.source == saved.source } }
            let fresh = own.filter { saved in
                zones.values.contains { $0.source == saved.source && $0.allows(age: saved.asOf.duration(to: clock.instant)) }
            }
            guard !fresh.isEmpty || all.isEmpty else {
                return warn(own.isEmpty ? "it is of other zones" : "it is older than answers may be stale")
            }
            for saved in fresh {
                guard let origin = zones.first(where: { $0.value.source == saved.source })?.key else { continue }
                zones[origin]?.registry = saved.registry
                zones[origin]?.outSince = saved.asOf
            }
        } catch let failure as StateFile.Failure {
            warn(failure.text)
        } catch let failure as RegistryFile.Failure {
            isForeign = failure == .foreign
            warn(failure.rawValue + (isForeign ? ", and left as it is" : ""))
        } catch {}
    }

    private func warn(_ reason: String) {
        logger.warning("state file cannot be used", metadata: ["path": "\(file.path.debugDescription)", "reason": "\(reason)"])
    }

    /// When the file is to be written next; nil while it holds all that is known.
    private var nextWriting: ContinuousClock.Instant? {
        if isForeign { return nil }
        if isChanged { return earliest }
        return zones.values.contains(where: \.isCurrent) ? max(earliest, written + refresh) : nil
    }

    private var refresh: Duration { zones.values.compactMap(\.maximumStale).map { $0 / 4 }.reduce(Self.longestRefresh, min) }

    private func write() {
        let clock = ClockReading.now
        latest = clock.notBefore(latest.milliseconds + Int64(latest.instant.duration(to: clock.instant) / .milliseconds(1)))
        let octets = RegistryFile.encode(zones.values.compactMap { $0.saved(at: clock.instant) }, at: clock)
        do throws(StateFile.Failure) {
            guard octets.count <= RegistryFile.largest else { throw StateFile.Failure(text: "there is too much to keep") }
            try file.replace(with: octets, at: latest.milliseconds > clock.milliseconds ? latest.milliseconds : nil)
            isChanged = false
            if isFailing { logger.info("state is kept again", metadata: ["path": "\(file.path.debugDescription)"]) }
            isFailing = false
        } catch {
            if !isFailing {
                logger.warning(
                    "state cannot be kept", metadata: ["path": "\(file.path.debugDescription)", "reason": "\(error.text)"])
            }
            isFailing = true
        }
        written = .now
        earliest = written + (isFailing ? Self.pauseAfterFailure : max(Self.pause, clock.instant.duration(to: written) * Self.share))
    }
}
