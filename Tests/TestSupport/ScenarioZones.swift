import DNSAuthority
import IPAddressing
import ProviderRegistry
import ZoneCompilation

/// A registry and a policy for tests, compiled into zones of the origin `svc.local`.
package struct TestRegistry {
    package var registry = Registry()
    package var hosts: [String: HostAddresses] = [:]
    package var status = ZoneStatus.current
    package var policy = Self.policy

    package init() {}

    /// What a scenario says.
    package init(_ scenario: Scenario) {
        for words in scenario.facts {
            switch words[0] {
            case "provider": add(words)
            case "service":
                let reach: Reach = words.contains("unknown") ? .unknown : words.contains("lost") ? .lost(since: .now) : .current
                registry.services[ServiceName(words[1]), default: Service()].reach = reach
            case "host":
                let addresses = words.dropFirst(2).compactMap { IPAddress($0) }
                hosts[words[1]] = HostAddresses(
                    ipv4: .known(addresses.compactMap { if case .v4(let address) = $0 { address } else { nil } }),
                    ipv6: .known(addresses.compactMap { if case .v6(let address) = $0 { address } else { nil } }))
            default: status = ["current": .current, "stale": .stale, "expired": .expired][words[1]] ?? .notReady
            }
        }
    }

    private mutating func add(_ words: [String]) {
        func option(_ name: String) -> UInt16? { words.first { $0.hasPrefix(name) }.flatMap { UInt16($0.dropFirst(name.count)) } }
        guard let host = ProviderHost(words[3]), let port = UInt16(words[4]) else { return }
        add(
            words[1], InstanceName(words[2]),
            Provider(host: host, port: port, weight: option("weight=") ?? 1, priority: option("priority=") ?? 0),
            isHeld: words.contains("held"))
    }

    /// Adds a provider, younger than all before it.
    package mutating func add(_ service: String, _ instance: InstanceName, _ provider: Provider, isHeld: Bool = false) {
        let zxid = Int64(registry.services.values.reduce(0) { $0 + $1.count } + 1)
        let registration = Registration(creationZxid: zxid, provider: provider)
        if isHeld {
            registry.services[ServiceName(service), default: Service()].held.append(
                HeldProvider(instance: instance, registration: registration))
        } else {
            registry.services[ServiceName(service), default: Service()].registrations[instance] = registration
        }
    }

    /// TTL 5, negative TTL 1, name server 192.0.2.53.
    package static let policy = ZonePolicy(ttl: 5, negativeTTL: 1, nameServerAddresses: [IPAddress("192.0.2.53")].compactMap(\.self))

    /// The zone `svc.local`, serial 1.
    package var zone: Zone? { zone(serial: 1) }

    /// The zone `svc.local`.
    package func zone(serial: UInt32) -> Zone? {
        guard let origin = DomainName(text: "svc.local") else { return nil }
        var compiler = ZoneCompiler(origins: [origin], policy: policy, seed: 1)
        compiler.replace(with: registry, for: origin)
        compiler.resolve(hosts)
        _ = compiler.compile { _ in serial }
        compiler.resolve(hosts)
        return compiler.compile { _ in serial }[origin]
    }

    /// The zone as it is served.
    package var zones: ServedZones {
        guard let zone else { return ServedZones() }
        return ServedZones([status == .notReady ? ServedZone(notReady: zone.origin) : ServedZone(zone, status)])
    }
}

extension ZoneCompiler {
    /// Zones of one policy.
    package init(origins: [DomainName], policy: ZonePolicy, seed: UInt64, limit: Int = mostOctetsOfService) {
        self.init(policies: Dictionary(uniqueKeysWithValues: origins.map { ($0, policy) }), seed: seed, limit: limit)
    }
}

/// Responders for both transports, for tests.
package struct TestResponder {
    private var udp: Responder
    private var tcp: Responder
    /// What became of the last query.
    package private(set) var outcome = Responder.Outcome.silent
    /// The memory of the last query.
    private var memory: [UInt8] = []
    /// The time by which cookies are made and judged.
    package var seconds: UInt32 = 0

    package init(seed: UInt64, udpLimit: Int = UDPPayloadSize.unfragmented) {
        udp = Responder(seed: seed, over: .udp, udpLimit: udpLimit)
        tcp = Responder(seed: seed, over: .tcp)
    }

    /// The response to octets that come from an IPv4 or IPv6 address; empty for silence.
    package mutating func response(
        to query: [UInt8], over transport: Transport, of client: [UInt8] = [192, 0, 2, 1], from zones: ServedZones,
        by policy: QueryPolicy = QueryPolicy()
    ) -> [UInt8] {
        // The family, AF_INET or AF_INET6, is in the machine's order; a port, and IPv6's flow, follow.
        let family: [UInt8] = [client.count == 4 ? 2 : 10, 0, 0x12, 0x34]
        let client = family + (client.count == 4 ? client : [0, 0, 0, 0] + client) + [UInt8](repeating: 0, count: ClientAddress.length)
        var responder = transport == .udp ? udp : tcp
        responder.seconds = seconds
        defer { if transport == .udp { udp = responder } else { tcp = responder } }
        memory = [UInt8](repeating: 0, count: max(responder.capacity, query.count))
        memory.replaceSubrange(0..<query.count, with: query)
        outcome = memory.withUnsafeMutableBytes { memory in
            client.withUnsafeBytes { client in
                client.baseAddress.map {
                    responder.respond(in: memory, queryLength: query.count, to: $0, from: zones, by: policy)
                } ?? .silent
            }
        }
        return response
    }

    /// The octets of the last response; empty for silence.
    private var response: [UInt8] { if case .answered(let answer) = outcome { Array(memory.prefix(answer.length)) } else { [] } }

    /// The account that the last response over UDP counts for.
    package var rateKey: UInt64? { udp.rateKey }

    /// What stands in the place of the last response over UDP if that is beyond the rate limit.
    package mutating func cutShort() -> [UInt8] {
        guard case .answered(let answer) = outcome else { return [] }
        outcome = memory.withUnsafeMutableBytes { udp.cutShort(answer, in: $0) }
        return response
    }

    /// What the cookies were worth that came over UDP since this was asked last.
    package mutating func takeCookieCounts() -> CookieCounts { udp.takeCookieCounts() }
}

extension ServiceName: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    /// A name in a test.
    package init(stringLiteral text: String) { self.init(text) }
}

extension InstanceName: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    /// A name in a test.
    package init(stringLiteral text: String) { self.init(text) }
}
