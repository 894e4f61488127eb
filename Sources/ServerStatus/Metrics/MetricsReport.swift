import DNSAuthority
import DNSTransport
import QueryForwarding

/// All metrics at one moment, as text.
struct MetricsReport {
    private var metrics = MetricsText()

    var text: String { metrics.text }

    /// Asks every source. O(words of all workers' tallies).
    init(_ facts: ServerFacts, _ sources: MetricsSources) {
        add(sources.traffic())
        add(zones: facts.zones, at: facts.now)
        add(facts.session)
        let lookups = sources.hostLookups()
        metrics.add(.hostLookups, lookups.begun)
        metrics.add(.hostFailures, lookups.failed)
        metrics.add(.logLeftOut, sources.logLinesLeftOut())
        for (metric, count) in sources.further { metrics.add(metric, count()) }
        if let forwarding = sources.forwarding?() { add(forwarding) }
        metrics.add(.reload, facts.hasReloadFailed ? 0 : 1)
        metrics.add(.buildInfo, [(["version": sources.version], 1)])
        add(ProcessFacts.now)
    }

    private mutating func add(_ process: ProcessFacts) {
        metrics.add(.processorTime, process.cpuSeconds)
        metrics.add(.openDescriptors, process.openDescriptors)
        metrics.add(.mostDescriptors, process.mostDescriptors)
        metrics.add(.virtualMemory, process.virtualMemory)
        metrics.add(.residentMemory, process.residentMemory)
        metrics.add(.threads, process.threads)
        metrics.add(.startTime, process.start)
    }
}

// MARK: Queries

extension MetricsReport {
    private mutating func add(_ traffic: Traffic) {
        let zones = traffic.zones.map { (name: $0.key.label, counts: $0.value) }.sorted { $0.name < $1.name }
        metrics.add(
            .requests,
            zones.flatMap { zone in
                zone.counts.queries.sorted { $0.key.order < $1.key.order }.flatMap { way, counts in
                    zip(CountedType.names, counts).filter { $0.1 > 0 }.map { type, count in
                        (["zone": zone.name, "proto": way.transport.label, "family": way.isIPv6 ? "2" : "1", "type": type], count)
                    }
                }
            })
        metrics.add(
            .responses,
            zones.flatMap { zone in
                ResponseCode.allCases.map { (["zone": zone.name, "rcode": $0.text], zone.counts.responses[$0.index]) }
            })
        add(.requestSize, zones.map { ($0.name, $0.counts.querySizes) })
        add(.responseSize, zones.map { ($0.name, $0.counts.responseSizes) })
        metrics.add(.truncated, zones.map { (["zone": $0.name], $0.counts.truncated) })
        metrics.add(.malformed, zones.reduce(0) { $0 + $1.counts.responses[ResponseCode.formatError.index] })
        let transports = [Transport.udp, .tcp]
        metrics.add(.dropped, transports.map { (["proto": $0.label], traffic.silent[$0] ?? 0) })
        metrics.add(
            .duration, bounds: DurationBuckets.bounds.map { "\($0)" },
            transports.compactMap { transport in
                traffic.durations[transport].map { (["proto": transport.label], $0.buckets, Double($0.nanoseconds) / 1e9) }
            })
        metrics.add(.tcpOpen, traffic.connections.open)
        metrics.add(.tcpAccepted, traffic.connections.accepted)
        metrics.add(.tcpEvicted, traffic.connections.evicted)
        let guards = traffic.guards
        metrics.add(.rateLimitDropped, guards.dropped)
        metrics.add(.rateLimitSlipped, guards.cut)
        let cookies = [("new", guards.newCookies), ("valid", guards.validCookies), ("invalid", guards.invalidCookies)]
        metrics.add(.cookies, cookies.map { (["kind": $0], $1) })
    }

    private mutating func add(_ metric: Metric, _ zones: [(String, [Transport: Traffic.Sizes])]) {
        metrics.add(
            metric, bounds: SizeBuckets.bounds.map { "\($0)" },
            zones.flatMap { zone, sizes in
                [Transport.udp, .tcp].compactMap { transport in
                    sizes[transport].map { (["zone": zone, "proto": transport.label], $0.buckets, Double($0.octets)) }
                }
            })
    }
}

extension Transport {
    fileprivate var label: String { self == .udp ? "udp" : "tcp" }
}

extension Traffic.Way {
    fileprivate var order: Int { (transport == .udp ? 0 : 2) + (isIPv6 ? 1 : 0) }
}

extension Traffic.ZoneKey {
    /// As CoreDNS has it: the origin with its final dot, and `dropped` where no zone matched.
    fileprivate var label: String {
        switch self {
        case .none: "dropped"
        case .zone(let origin): origin.text
        case .further: "other"
        }
    }
}

// MARK: Zones and ZooKeeper

extension MetricsReport {
    private mutating func add(zones: [ZoneFacts], at now: ContinuousClock.Instant) {
        let named = zones.map { (name: $0.origin.text, facts: $0) }
        metrics.add(
            .propagation, bounds: PropagationTimes.bounds.map { "\($0)" },
            named.map { (["zone": $0.name], $0.facts.propagation.buckets, $0.facts.propagation.seconds) })
        metrics.add(
            .zoneStatus,
            named.flatMap { zone in
                ZoneStatus.allCases.map { (["zone": zone.name, "status": $0.text], zone.facts.status == $0 ? 1 : 0) }
            })
        metrics.add(.zoneAge, named.map { (["zone": $0.name], $0.facts.age(at: now).seconds) })
        metrics.add(.zoneSerial, named.compactMap { zone in zone.facts.serial.map { (["zone": zone.name], $0) } })
        metrics.add(.zoneNames, named.map { (["zone": $0.name], $0.facts.names) })
        metrics.add(.zoneServices, named.map { (["zone": $0.name], $0.facts.services) })
        metrics.add(.zoneProviders, named.map { (["zone": $0.name], $0.facts.providers) })
        metrics.add(.zoneHeld, named.map { (["zone": $0.name], $0.facts.held) })
        metrics.add(
            .rejected,
            named.flatMap { zone in
                zone.facts.rejected.counts.sorted { $0.key < $1.key }.map { (["zone": zone.name, "reason": $0.key], $0.value) }
            })
        metrics.add(.repairs, named.map { (["zone": $0.name], $0.facts.repairs) })
    }

    private mutating func add(_ session: SessionFacts) {
        metrics.add(
            .sessionState, SessionFacts.State.allCases.map { (["state": $0.rawValue], session.state == $0 ? 1 : 0) })
        metrics.add(.reconnects, session.reconnects)
        metrics.add(.expiries, session.expiries)
    }
}

// MARK: Forwarding

extension MetricsReport {
    private mutating func add(_ traffic: ForwardingTraffic) {
        let servers = traffic.servers.map { (name: $0.endpoint.text, counts: $0.counts) }
        metrics.add(.forwardRequests, servers.map { (["to": $0.name], $0.counts.requests) })
        metrics.add(
            .forwardResponses,
            servers.flatMap { server in
                server.counts.responses.sorted { $0.key < $1.key }.map { code, count in
                    (["to": server.name, "rcode": ResponseCode(rawValue: code)?.text ?? "\(code)"], count)
                }
            })
        metrics.add(
            .forwardDuration, bounds: ForwardingTraffic.bounds.map { "\($0)" },
            servers.map { (["to": $0.name], $0.counts.buckets, $0.counts.seconds) })
        metrics.add(.forwardFailures, servers.map { (["to": $0.name], $0.counts.failures) })
        metrics.add(.forwardWaiting, traffic.waiting)
        metrics.add(.forwardRefused, traffic.refused)
        metrics.add(.forwardLoops, traffic.loops)
    }
}

extension Duration {
    /// The duration in seconds.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
