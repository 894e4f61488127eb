import DNSAuthority
import DequeModule
import Explanation
import IPAddressing
import ProviderRegistry
import ZoneCompilation

/// Decides which held providers to probe, and when: each when it is first held, then after pauses.
struct ProbeSchedule {
    /// Time between two probes of a provider.
    static let pause: Duration = .seconds(5)
    /// Connections a second: a burst of them is no scan of a network yet.
    static let mostPerSecond = 200
    /// Addresses of one provider; a provider with more is not probed, since all would have to refuse.
    static let mostAddresses = 8

    /// A held provider.
    struct Target: Hashable {
        /// The zone's origin.
        let origin: DomainName
        let service: ServiceName
        let provider: Provider.Offer
    }

    private struct Turn {
        let target: Target
        let due: ContinuousClock.Instant
    }

    /// A held provider and when its turn is.
    private struct Held {
        let provider: Provider
        var due: ContinuousClock.Instant
    }

    /// The held providers of each service, by the origins of their zones.
    private var held: [DomainName: [ServiceName: [Provider.Offer: Held]]] = [:]
    /// The turns of all held providers, the first due first; a provider that is held no more leaves its turn behind until that is due.
    private var turns = Deque<Turn>()
    /// Host names that providers have, and what is known of their addresses.
    private var hosts: [String: HostAddresses] = [:]
    private var probesLoopback: Bool
    /// Where the zones' registries are, since that was last said.
    private var sources: [DomainName: ZoneSource] = [:]

    /// A schedule without providers. `probesLoopback`: whether loopback addresses are the providers' own, as where all clients are on this machine.
    init(probesLoopback: Bool) { self.probesLoopback = probesLoopback }

    /// When the next probe is due; nil while nothing is held.
    var deadline: ContinuousClock.Instant? { turns.first?.due }

    /// Takes in the services that are served differently now. O(their providers).
    mutating func take(_ change: RegistryChange, for origin: DomainName, at now: ContinuousClock.Instant) {
        for (name, service) in change.services {
            let known = held[origin]?.removeValue(forKey: name) ?? [:]
            var current: [Provider.Offer: Held] = [:]
            for provider in service?.held.map(\.provider) ?? [] {
                let offer = provider.offer
                current[offer] = known[offer] ?? Held(provider: provider, due: now)
                // Before those that wait for their next turn.
                if known[offer] == nil { turns.prepend(Turn(target: Target(origin: origin, service: name, provider: offer), due: now)) }
            }
            if !current.isEmpty { held[origin, default: [:]][name] = current }
        }
    }

    /// Forgets the providers of all zones but these, and of those whose registry is another one than before; their turns are left behind.
    mutating func serve(_ zones: [ZoneSource], probesLoopback: Bool) {
        let new = Dictionary(zones.map { ($0.origin, $0) }) { first, _ in first }
        held = held.filter { origin, _ in new[origin].map { (sources[origin] ?? $0) == $0 } ?? false }
        sources = new
        self.probesLoopback = probesLoopback
    }

    /// Takes in addresses of hosts, of those that are followed.
    mutating func resolve(_ addresses: [String: HostAddresses]) {
        for (host, addresses) in addresses where hosts[host] != nil { hosts[host] = addresses }
    }

    /// Takes in which hosts providers no longer have, then which they have from now on.
    mutating func follow(_ change: HostChange) {
        for host in change.dropped { hosts[host] = nil }
        for host in change.followed.keys where hosts[host] == nil { hosts[host] = HostAddresses() }
    }

    /// Takes the next provider that is due, with where to connect, at most `room` addresses; nil if there is none.
    mutating func next(room: Int, at now: ContinuousClock.Instant) -> (target: Target, endpoints: [SocketEndpoint])? {
        while let turn = turns.first, turn.due <= now {
            guard let known = held[turn.target.origin]?[turn.target.service]?[turn.target.provider], known.due == turn.due else {
                turns.removeFirst()
                continue
            }
            let endpoints = endpoints(of: known.provider)
            guard endpoints.count <= room else { return nil }
            turns.removeFirst()
            turns.append(Turn(target: turn.target, due: now + Self.pause))
            held[turn.target.origin]?[turn.target.service]?[turn.target.provider]?.due = now + Self.pause
            if !endpoints.isEmpty { return (turn.target, endpoints) }
        }
        return nil
    }

    /// Where a provider is reached; nothing where that is not known, is too much, or is no single machine.
    private func endpoints(of provider: Provider) -> [SocketEndpoint] {
        let addresses: [IPAddress] =
            switch provider.host {
            case .ipv4(let address): [.v4(address)]
            case .ipv6(let address): [.v6(address)]
            case .name(let name):
                hosts[name].map { $0.ipv4.addresses.map(IPAddress.v4) + $0.ipv6.addresses.map(IPAddress.v6) } ?? []
            }
        let areProbed = addresses.allSatisfy { $0.isHost && !$0.isLinkLocal && (probesLoopback || !$0.isLoopback) }
        guard areProbed, addresses.count <= Self.mostAddresses else { return [] }
        return addresses.map { SocketEndpoint(address: $0, port: provider.port) }
    }
}
