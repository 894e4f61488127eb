import DNSAuthority
import IPAddressing
import Logging
import Synchronization

/// How many look-ups of hosts were begun, and how many failed, each family for itself.
final class LookupCounts: Sendable {
    let begun = Atomic(0)
    let failed = Atomic(0)
}

/// Carries out what the schedule says: look-ups from the hosts file and from name servers. For one thread only.
struct HostLookups {
    private var environment: ResolverEnvironment
    private var schedule: ResolutionSchedule
    private var order = NameServerOrder()
    private var exchanges: Exchanges
    private var underWay: [String: HostLookup] = [:]
    private var changed: [String: HostAddresses] = [:]
    /// Hosts of which it was reported that they have too many addresses, each once; most at a time, so that they cannot fill the log.
    private var reported: Set<String> = []
    private static let mostReported = 1000
    private let counts: LookupCounts
    private let logger: Logger

    /// Nil if c-ares cannot be set up.
    init?(environment: ResolverEnvironment, limits: LookupLimits, counts: LookupCounts, logger: Logger) {
        guard let exchanges = Exchanges() else { return nil }
        self.environment = environment
        self.exchanges = exchanges
        (self.counts, self.logger) = (counts, logger)
        schedule = ResolutionSchedule(start: .now, limits: limits)
        _ = self.environment.refresh(at: .now, logger)
    }

    /// Ends all exchanges.
    mutating func close() { exchanges.close() }

    /// Drops hosts, then adds others, each in the turn of a service.
    mutating func follow(adding added: [String: DomainName], dropping dropped: Set<String>) {
        for host in dropped { changed[host] = nil }
        let orders = schedule.follow(adding: added, dropping: dropped, at: .now)
        for host in orders.cancelled { cancel(host) }
        changed.merge(orders.changed) { $1 }
        if !reported.isEmpty { reported.subtract(dropped) }
    }

    /// Begins the look-ups that are due.
    mutating func begin() {
        let change = environment.refresh(at: .now, logger)
        if change.isSearch { schedule.retryFailed() }
        for host in schedule.lookUpAgain(change.hosts) { cancel(host) }
        let orders = schedule.begin(at: .now)
        changed.merge(orders.changed) { $1 }
        for host in orders.cancelled {
            cancel(host)
            noteFailure(of: host)
        }
        for host in orders.begun { begin(host) }
    }

    /// Waits until there is something to do, and does it.
    mutating func wait(for wake: Int32) {
        let deadline = schedule.nextDeadline.map { min($0, environment.nextLook) }
        exchanges.wait(for: wake, until: changed.isEmpty ? deadline : .now)
        for exchange in exchanges.takeFinished() { finish(exchange) }
    }

    /// What is known of hosts that changed since it was last taken.
    mutating func takeChanged() -> [String: HostAddresses] {
        defer { changed = [:] }
        return changed
    }

    private mutating func cancel(_ host: String) {
        underWay[host] = nil
        exchanges.cancel(host)
    }

    private mutating func begin(_ host: String) {
        counts.begun.add(1, ordering: .relaxed)
        if let addresses = localAddresses(of: host) {
            for family in Family.allCases {
                let found = addresses.filter { $0.family == family }
                let ttl = Lifetime.local
                learn(host, family, found.isEmpty ? .none(ttl: ttl, isCertain: true) : .addresses(Array(found), ttl: ttl))
            }
            return end(host)
        }
        let configuration = environment.configuration
        var lookup = HostLookup(
            environment.candidates(for: host),
            servers: order.order(of: configuration.servers, rotating: configuration.rotatesServers, at: .now),
            attempts: configuration.attempts, families: configuration.skipsIPv6 ? [.ipv4] : Family.allCases,
            insists: !schedule.isKnownInPart(host))
        let questions = lookup.begin()
        go(on: lookup, host, questions)
    }

    /// Addresses that no name server is asked for.
    private func localAddresses(of host: String) -> Set<IPAddress>? {
        // RFC 6761 §6.3.
        if host == "localhost" || host.hasSuffix(".localhost") {
            return [.v4(IPv4Address(value: 0x7F00_0001)), .v6(IPv6Address(value: 1))]
        }
        return environment.hostsFile.addresses(of: host, takesLoopback: !environment.own.isBeyondLoopback)
    }

    private mutating func finish(_ exchange: Exchange) {
        let (host, family) = (exchange.key.host, exchange.key.family)
        guard var lookup = underWay[host] else { return }
        let reply = reply(exchange)
        order.note(exchange.server, isSilent: reply == .failed(.silent), at: .now)
        let questions = lookup.take(reply, family)
        go(on: lookup, host, questions)
    }

    private func reply(_ exchange: Exchange) -> Reply {
        switch exchange.result {
        case .response(let octets)?: ResponseReader.read(octets, exchange.key.family, isOwn: environment.own.serves)
        case .failed(let failure)?: .failed(failure)
        case .noName?: .negative(ttl: Lifetime.negative)
        case nil: .failed(.silent)
        }
    }

    private mutating func go(on lookup: HostLookup, _ host: String, _ questions: [HostLookup.Question]) {
        var lookup = lookup
        for (family, outcome) in lookup.takeSettled() { learn(host, family, outcome) }
        guard !lookup.isOver else {
            underWay[host] = nil
            return end(host)
        }
        underWay[host] = lookup
        for question in questions {
            exchanges.begin(
                question, for: host, timeout: environment.configuration.timeout, overTCP: environment.configuration.usesTCP)
        }
    }

    private mutating func learn(_ host: String, _ family: Family, _ outcome: Outcome) {
        if outcome == .failed || outcome == .own { noteFailure(of: host) }
        if case .addresses(let addresses, _) = outcome { reportTooMany(addresses.count, of: host) }
        if let known = schedule.learn(host, family, outcome, at: .now) { changed[host] = known }
    }

    private mutating func reportTooMany(_ count: Int, of host: String) {
        guard count > HostAddresses.mostOfOneFamily, reported.count < Self.mostReported, reported.insert(host).inserted else { return }
        logger.warning(
            "host has too many addresses: the highest are left out",
            metadata: ["host": "\(host)", "left-out": "\(count - HostAddresses.mostOfOneFamily)"])
    }

    private mutating func end(_ host: String) {
        if let known = schedule.end(host, at: .now) { changed[host] = known }
    }

    private func noteFailure(of host: String) {
        counts.failed.add(1, ordering: .relaxed)
        logger.debug("host cannot be resolved now", metadata: ["host": "\(host)"])
    }
}
