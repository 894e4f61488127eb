import DNSAuthority
import DNSTransport
import Explanation
import Handoff
import IPAddressing
import ProviderRegistry
import ZoneCompilation

/// Finds out which held providers are refused by their hosts: a reset says that nothing listens there, silence says nothing.
struct HeldProber {
    private let probesLoopback: Bool
    private let mailbox = Mailbox<News>()

    private enum News: Sendable {
        case changed(RegistryChange, origin: DomainName)
        case resolved([String: HostAddresses])
        case followed(HostChange)
        case served([ZoneSource], probesLoopback: Bool)
    }

    /// A provider that is being probed.
    private struct Attempt {
        let target: ProbeSchedule.Target
        var probes: [ConnectProbe]
        let end: ContinuousClock.Instant
    }

    /// Time between looks at connections under way, and how many may be begun in each.
    private static let step: Duration = .milliseconds(50)
    private static let mostPerStep = ProbeSchedule.mostPerSecond / 20
    /// How long an answer is waited for: refusals come as fast as packets go there and back.
    private static let patience: Duration = .milliseconds(500)
    /// Connections under way: as many as are begun in that time, or fewer where there are few descriptors.
    private static var mostUnderWay: Int { min(ProbeSchedule.mostPerSecond / 2, DescriptorLimit.lookups / 2) }

    /// A prober; `probesLoopback` as for `ProbeSchedule`.
    init(probesLoopback: Bool) { self.probesLoopback = probesLoopback }

    /// Hands in what the watcher of a zone reports, from any thread.
    func take(_ update: RegistryUpdate, for origin: DomainName) {
        switch update {
        case .changed(let change): mailbox.post(.changed(change, origin: origin))
        case .complete(let registry):
            // An earlier program held these.
            let services = registry.services.filter { !$0.value.held.isEmpty }
            mailbox.post(.changed(RegistryChange(services: services.mapValues(Optional.some)), origin: origin))
        case .connected, .disconnected, .unusable, .mended, .repaired: break
        }
    }

    /// Has these zones' providers probed from now on, and no others, from any thread; `probesLoopback` as for `ProbeSchedule`.
    func serve(_ zones: [ZoneSource], probesLoopback: Bool) { mailbox.post(.served(zones, probesLoopback: probesLoopback)) }

    /// Hands in addresses of hosts, from any thread.
    func resolve(_ hosts: [String: HostAddresses]) { mailbox.post(.resolved(hosts)) }

    /// Hands in which hosts providers have, from any thread, before any of their addresses.
    func follow(_ change: HostChange) { mailbox.post(.followed(change)) }

    /// Probes until the task is cancelled; `report` is called for each held provider all of whose addresses refuse its port.
    func run(_ report: (ProbeSchedule.Target) -> Void) async {
        var schedule = ProbeSchedule(probesLoopback: probesLoopback)
        var attempts: [Attempt] = []
        var nextStep = ContinuousClock.now
        while let news = await mailbox.next(before: attempts.isEmpty ? schedule.deadline.map { max($0, nextStep) } : nextStep) {
            let now = ContinuousClock.now
            for item in news {
                switch item {
                case .changed(let change, let origin): schedule.take(change, for: origin, at: now)
                case .resolved(let hosts): schedule.resolve(hosts)
                case .followed(let change): schedule.follow(change)
                case .served(let zones, let probesLoopback): schedule.serve(zones, probesLoopback: probesLoopback)
                }
            }
            guard nextStep <= now else { continue }
            nextStep = now + Self.step
            attempts = attempts.compactMap { Self.judge($0, at: now, report) }
            var room = min(Self.mostPerStep, Self.mostUnderWay - attempts.reduce(0) { $0 + $1.probes.count })
            while room > 0, let (target, endpoints) = schedule.next(room: room, at: now) {
                room -= endpoints.count
                let attempt = Attempt(target: target, probes: endpoints.map { ConnectProbe($0) }, end: now + Self.patience)
                if let attempt = Self.judge(attempt, at: now, report) { attempts.append(attempt) }
            }
        }
    }

    /// What is left of an attempt; nil once it is over.
    private static func judge(_ attempt: Attempt, at now: ContinuousClock.Instant, _ report: (ProbeSchedule.Target) -> Void) -> Attempt? {
        var attempt = attempt
        for probe in attempt.probes {
            switch probe.outcome {
            case .other: return nil
            case .refused: attempt.probes.removeAll { $0 === probe }
            case .pending: break
            }
        }
        if attempt.probes.isEmpty { report(attempt.target) }
        return attempt.probes.isEmpty || attempt.end <= now ? nil : attempt
    }
}
