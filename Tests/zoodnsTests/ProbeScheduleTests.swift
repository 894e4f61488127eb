import DNSAuthority
import IPAddressing
import ProviderRegistry
import TestSupport
import Testing
import ZoneCompilation

@testable import zoodns

@Suite struct ProbeScheduleTests {
    let start = ContinuousClock.now

    /// A change that leaves a service with these providers, all of them held or none.
    private func change(_ hosts: [String], isHeld: Bool = true) -> RegistryChange {
        let registrations = hosts.compactMap { host in
            ProviderHost(host).map {
                (InstanceName(host), Registration(creationZxid: 1, provider: Provider(host: $0, port: 80)))
            }
        }
        let held = registrations.map { HeldProvider(instance: $0, registration: $1) }
        let service = isHeld ? Service(held: held) : Service(registrations: Dictionary(uniqueKeysWithValues: registrations))
        return RegistryChange(services: ["a": service])
    }

    /// All that is due, without bound.
    private func due(_ schedule: inout ProbeSchedule, at now: ContinuousClock.Instant) -> [String] {
        var found: [String] = []
        while let (_, endpoints) = schedule.next(room: 8, at: now) { found += endpoints.map(\.text) }
        return found.sorted()
    }

    @Test func `a provider is probed when it is first held, and again after each pause`() {
        var schedule = ProbeSchedule(probesLoopback: false)
        schedule.take(change(["10.0.0.1"], isHeld: false), for: .root, at: start)
        #expect(schedule.deadline == nil)
        schedule.take(change(["10.0.0.1", "2001:db8::1"]), for: .root, at: start)
        #expect(due(&schedule, at: start) == ["10.0.0.1:80", "[2001:db8::1]:80"])
        schedule.take(change(["10.0.0.1", "2001:db8::1"]), for: .root, at: start + .seconds(1))
        #expect(due(&schedule, at: start + .milliseconds(4999)) == [])
        #expect(schedule.deadline == start + .seconds(5))
        #expect(due(&schedule, at: start + .seconds(5)) == ["10.0.0.1:80", "[2001:db8::1]:80"])
    }

    @Test func `one that is held no more is not probed`() {
        var schedule = ProbeSchedule(probesLoopback: false)
        schedule.take(change(["10.0.0.1"]), for: .root, at: start)
        schedule.take(change([]), for: .root, at: start)
        #expect(due(&schedule, at: start) == [])
        #expect(schedule.deadline == nil)
    }

    @Test func `one that comes and goes a thousand times has one turn`() {
        var schedule = ProbeSchedule(probesLoopback: false)
        for step in 0..<1000 {
            let now = start + .milliseconds(step)
            schedule.take(change(["10.0.0.1"]), for: .root, at: now)
            if step < 999 { schedule.take(change([]), for: .root, at: now) }
        }
        #expect(due(&schedule, at: start + .seconds(1)) == ["10.0.0.1:80"])
        #expect(due(&schedule, at: start + .seconds(6)) == ["10.0.0.1:80"])
        #expect(schedule.deadline == start + .seconds(11))
    }

    @Test func `a host is probed at all its addresses as far as they are known, and at none if they are too many`() throws {
        var schedule = ProbeSchedule(probesLoopback: false)
        let addresses = (1...9).map { IPv4Address(value: 0x0A00_0000 + $0) }
        let owner = try #require(DomainName(text: "a.svc.local"))
        schedule.follow(HostChange(followed: ["two": owner, "many": owner]))
        schedule.resolve(["two": HostAddresses(ipv4: .known(Array(addresses.prefix(2)))), "many": HostAddresses(ipv4: .known(addresses))])
        schedule.take(change(["two", "many", "unknown"]), for: .root, at: start)
        #expect(due(&schedule, at: start) == ["10.0.0.1:80", "10.0.0.2:80"])
        schedule.follow(HostChange(dropped: ["two", "many"]))
        schedule.resolve(["two": HostAddresses(ipv4: .known(Array(addresses.prefix(2))))])
        #expect(due(&schedule, at: start + .seconds(5)) == [])
    }

    @Test func `what is no single other machine is never connected to`() {
        var schedule = ProbeSchedule(probesLoopback: false)
        schedule.take(
            change(["224.0.0.1", "255.255.255.255", "0.0.0.0", "::", "ff02::1", "127.0.0.1", "::1", "fe80::1", "169.254.0.1"]), for: .root,
            at: start)
        #expect(due(&schedule, at: start) == [])
        // Where all clients are on this machine, its loopback addresses are the providers' own.
        var own = ProbeSchedule(probesLoopback: true)
        own.take(change(["127.0.0.1", "::1", "0.0.0.0"]), for: .root, at: start)
        #expect(due(&own, at: start) == ["127.0.0.1:80", "[::1]:80"])
    }

    @Test func `a provider waits for its turn while there is no room for its addresses`() throws {
        var schedule = ProbeSchedule(probesLoopback: false)
        let owner = try #require(DomainName(text: "a.svc.local"))
        schedule.follow(HostChange(followed: ["two": owner, "many": owner]))
        schedule.resolve(["two": HostAddresses(ipv4: .known([IPv4Address(value: 0x0A00_0001), IPv4Address(value: 0x0A00_0002)]))])
        schedule.take(change(["two"]), for: .root, at: start)
        let first = schedule.next(room: 1, at: start)
        let second = schedule.next(room: 2, at: start)
        #expect(first == nil)
        #expect(second?.endpoints.count == 2)
    }

    @Test(.timeLimit(.minutes(1))) func `what an earlier program held is probed as soon as it is served`() async {
        let prober = HeldProber(probesLoopback: true)
        // No server listens on port 1.
        let provider = Provider(host: ProviderHost("127.0.0.1") ?? .name("none"), port: 1)
        let held = HeldProvider(instance: "1", registration: Registration(creationZxid: 1, provider: provider))
        prober.take(.complete(Registry(services: ["a": Service(held: [held]), "b": Service()])), for: .root)
        let (reports, report) = AsyncStream.makeStream(of: ProbeSchedule.Target.self)
        let probing = Task { await prober.run { report.yield($0) } }
        for await target in reports {
            #expect(target == ProbeSchedule.Target(origin: .root, service: "a", provider: provider.offer))
            break
        }
        probing.cancel()
    }
}
