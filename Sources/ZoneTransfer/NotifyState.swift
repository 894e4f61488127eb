import DNSAuthority
import IPAddressing

/// Decides when which servers hear of which versions of zones (RFC 1996 §3, §4). Pure: time, randomness and responses come from outside, and what
/// to do is left in actions.
struct NotifyState<Randomness: RandomNumberGenerator> {
    typealias Moment = ContinuousClock.Instant

    /// A server that hears of a zone.
    struct Destination: Hashable {
        let origin: DomainName
        let target: NotifyTarget
    }

    /// What the caller has to do.
    enum Action: Equatable {
        /// Send a message, signed if the server has a key.
        case send([UInt8], to: Destination)
        /// Log, once, that a server does not answer, or that it answers again.
        case report(SocketEndpoint, isSilent: Bool)
        /// Log, once, that a server does not want to hear of a zone.
        case reportRefusal(Destination, code: UInt16)
    }

    /// A zone that servers hear of.
    private struct Announced {
        var version: NotifyVersion
        /// When servers last began to hear of a version.
        var last: Moment
        /// Whether they have not begun to hear of this one.
        var isLate = false
    }

    /// A message that has not been acknowledged.
    private struct Notification {
        let id: UInt16
        var sent = 0
        /// When to send it again.
        var due: Moment
        /// Since when the server has acknowledged no version of the zone, or when its silence was last counted.
        var since: Moment
    }

    /// What a response is recognized by.
    private struct MessageKey: Hashable {
        private let endpoint: SocketEndpoint
        private let id: UInt16

        /// Without the scope of the address: a socket may give another one.
        init(_ endpoint: SocketEndpoint, _ id: UInt16) {
            (self.endpoint, self.id) = (SocketEndpoint(address: endpoint.address, port: endpoint.port), id)
        }
    }

    /// How often the pause after a message is twice as long as the one before.
    private static var doublings: Int { 5 }
    /// How long to wait for a response to the first message.
    private static var firstPause: Duration { .seconds(2) }
    /// How long a server has for an acknowledgement before it is reported: until the longest pause is over for the first time.
    private static var patience: Duration { firstPause * ((1 << (doublings + 1)) - 1) }
    /// The time between messages of versions that no change has made: at the start, and to a server that is new. BIND sends 20 a second then.
    private static var startPause: Duration { .milliseconds(50) }

    private var policy = NotifyPolicy()
    private var zones: [DomainName: Announced] = [:]
    private var open: [Destination: Notification] = [:]
    private var destinations: [MessageKey: Destination] = [:]
    /// Destinations that hear of their zone for the first time.
    private var waiting: [Destination] = []
    private var nextStart: Moment?
    private var silent: Set<SocketEndpoint> = []
    private var refusing: Set<Destination> = []
    private var random: Randomness
    private var actions: [Action] = []
    /// Messages for which no server has answered in time, or whose answer was an error.
    private(set) var failures = 0
    /// When `pass` has something to do, or earlier; nil for never.
    private(set) var nextDeadline: Moment?

    init(_ random: Randomness) { self.random = random }

    /// What is to be done; asking takes it away.
    mutating func drain() -> [Action] {
        defer { actions = [] }
        return actions
    }

    private mutating func wake(at moment: Moment) { nextDeadline = nextDeadline.map { min($0, moment) } ?? moment }
}

// MARK: What changes

extension NotifyState {
    /// Has these servers hear from now on, and no others. Each that is new hears of its zones.
    mutating func use(_ policy: NotifyPolicy, at now: Moment) {
        let old = self.policy
        self.policy = policy
        func isKnown(_ destination: Destination) -> Bool { policy.targets(of: destination.origin).contains(destination.target) }
        for destination in open.keys where !isKnown(destination) { close(destination) }
        waiting.removeAll { !isKnown($0) }
        refusing = refusing.filter(isKnown)
        silent.formIntersection((policy.usual + policy.own.values.joined()).map(\.endpoint))
        for origin in zones.keys.sorted(by: { $0.octets.lexicographicallyPrecedes($1.octets) }) {
            start(origin, except: old.targets(of: origin), at: now)
        }
        // The delay may be another.
        wake(at: now)
    }

    /// Takes in what is different among the zones' versions; nil for a zone that is gone.
    mutating func take(_ versions: [DomainName: NotifyVersion?], at now: Moment) {
        for (origin, version) in versions {
            if let version { take(version, of: origin, at: now) } else { forget(origin) }
        }
    }

    private mutating func take(_ version: NotifyVersion, of origin: DomainName, at now: Moment) {
        guard var zone = zones[origin] else {
            zones[origin] = Announced(version: version, last: now)
            return start(origin, except: [], at: now)
        }
        guard zone.version != version else { return }
        (zone.version, zone.isLate) = (version, true)
        zones[origin] = zone
        if now >= zone.last + policy.delay { announce(origin, at: now) } else { wake(at: zone.last + policy.delay) }
    }

    private mutating func forget(_ origin: DomainName) {
        zones[origin] = nil
        for destination in open.keys where destination.origin == origin { close(destination) }
        waiting.removeAll { $0.origin == origin }
        refusing = refusing.filter { $0.origin != origin }
    }

    /// Has servers hear of a zone for the first time, one after another.
    private mutating func start(_ origin: DomainName, except known: [NotifyTarget], at now: Moment) {
        for target in policy.targets(of: origin) where !known.contains(target) {
            waiting.append(Destination(origin: origin, target: target))
        }
        if !waiting.isEmpty { wake(at: nextStart ?? now) }
    }

    /// Has all servers of a zone hear of its version.
    private mutating func announce(_ origin: DomainName, at now: Moment) {
        guard zones[origin] != nil else { return }
        zones[origin]?.last = now
        zones[origin]?.isLate = false
        if !waiting.isEmpty { waiting.removeAll { $0.origin == origin } }
        for target in policy.targets(of: origin) { begin(Destination(origin: origin, target: target), at: now) }
    }
}

// MARK: Messages

extension NotifyState {
    /// Sends a destination the zone's version; one that has not been acknowledged is replaced.
    private mutating func begin(_ destination: Destination, at now: Moment) {
        var since = now
        if let replaced = open[destination] {
            since = replaced.since
            close(destination)
            if now - since >= Self.patience {
                noteSilence(of: destination)
                since = now
            }
        }
        let endpoint = destination.target.endpoint
        var id = UInt16.random(in: 0 ... .max, using: &random)
        // There are always free ones: a server hears of few hundred zones.
        while destinations[MessageKey(endpoint, id)] != nil { id &+= 1 }
        open[destination] = Notification(id: id, due: now, since: since)
        destinations[MessageKey(endpoint, id)] = destination
        send(destination, at: now)
    }

    private mutating func send(_ destination: Destination, at now: Moment) {
        guard var notification = open[destination], let zone = zones[destination.origin] else { return }
        notification.due = now + Self.firstPause * (1 << min(notification.sent, Self.doublings))
        notification.sent += 1
        open[destination] = notification
        wake(at: notification.due)
        actions.append(.send(NotifyMessage.request(notification.id, for: destination.origin, zone.version), to: destination))
    }

    private mutating func close(_ destination: Destination) {
        guard let notification = open.removeValue(forKey: destination) else { return }
        destinations[MessageKey(destination.target.endpoint, notification.id)] = nil
    }

    private mutating func noteSilence(of destination: Destination) {
        failures += 1
        let endpoint = destination.target.endpoint
        if silent.insert(endpoint).inserted { actions.append(.report(endpoint, isSilent: true)) }
    }

    /// Whose response some octets are that came from an address; nil if they are none that is awaited.
    func destination(ofResponse octets: [UInt8], from endpoint: SocketEndpoint) -> Destination? {
        NotifyMessage.response(octets).flatMap { destinations[MessageKey(endpoint, $0.id)] }
    }

    /// Takes a response in. Whatever its RCODE is, the server has heard (RFC 1996 §4.8).
    mutating func acknowledge(_ destination: Destination, with octets: [UInt8]) {
        guard let response = NotifyMessage.response(octets), open[destination]?.id == response.id else { return }
        close(destination)
        let endpoint = destination.target.endpoint
        if silent.remove(endpoint) != nil { actions.append(.report(endpoint, isSilent: false)) }
        guard response.code != 0 else {
            refusing.remove(destination)
            return
        }
        failures += 1
        noteRefusal(of: destination, code: UInt16(response.code))
    }

    /// Takes in that a server answers with an error, given by its RCODE or that of a TSIG record; it is asked again unless that acknowledges.
    mutating func noteRefusal(of destination: Destination, code: UInt16) {
        if refusing.insert(destination).inserted { actions.append(.reportRefusal(destination, code: code)) }
    }

    /// Does what is due.
    mutating func pass(to now: Moment) {
        guard let deadline = nextDeadline, deadline <= now else { return }
        nextDeadline = nil
        for (origin, zone) in zones where zone.isLate {
            if zone.last + policy.delay <= now { announce(origin, at: now) } else { wake(at: zone.last + policy.delay) }
        }
        if let next = waiting.first, nextStart ?? now <= now {
            waiting.removeFirst()
            nextStart = now + Self.startPause
            begin(next, at: now)
        }
        if !waiting.isEmpty { wake(at: nextStart ?? now) }
        for (destination, notification) in open {
            if notification.due > now {
                wake(at: notification.due)
            } else {
                // A server that comes back hears of the last change.
                if notification.sent > Self.doublings {
                    open[destination]?.since = now
                    noteSilence(of: destination)
                }
                send(destination, at: now)
            }
        }
    }
}
