import DNSAuthority
import IPAddressing
import ProviderRegistry
import TestSupport
import Testing
import ZooKeeperClient

@testable import ServerStatus

@Suite struct StatusBoardTests {
    private let origin = DomainName.root

    private func service(_ count: Int, held: Int = 0) -> Service {
        func registration(_ number: Int) -> Registration {
            Registration(creationZxid: Int64(number), provider: Provider(host: .ipv4(.init(value: UInt32(number))), port: 80))
        }
        return Service(
            registrations: Dictionary(uniqueKeysWithValues: (0..<count).map { (InstanceName("\($0)"), registration($0)) }),
            held: (0..<held).map { HeldProvider(instance: InstanceName("h\($0)"), registration: registration(1000 + $0)) })
    }

    private func zone(_ board: StatusBoard) throws -> ZoneFacts { try #require(board.facts.zones.first) }

    @Test func `services and providers are counted as they come and go`() throws {
        let board = StatusBoard(origins: [origin])
        // Nothing counts before the registry has been read.
        board.take(.changed(RegistryChange(services: ["early": service(9)])), for: origin)
        board.take(.complete(Registry(services: ["a": service(2), "b": service(1, held: 3)])), for: origin)
        board.take(.changed(RegistryChange(services: ["a": service(5), "b": nil, "c": service(0)])), for: origin)
        board.take(.changed(RegistryChange(services: ["none": nil])), for: origin)
        let facts = try zone(board)
        #expect((facts.services, facts.providers, facts.held) == (2, 5, 0))
        #expect(board.registry(of: origin)?.services.keys.sorted() == ["a", "c"])
    }

    @Test func `rejected znodes are counted by reason until they are mended, and listed up to a thousand`() throws {
        let board = StatusBoard(origins: [origin])
        for number in 0..<1500 {
            let reason = number < 1200 ? "no data" : "longer than 64 KiB"
            board.take(.unusable(ZnodeReport(path: "/p/a/\(number)", reason: reason, excerpt: "")), for: origin)
        }
        #expect(try zone(board).rejected.counts == ["no data": 1200, "longer than 64 KiB": 300])
        #expect(board.rejected(of: origin).count == RejectedZnodes.mostListed)
        for number in 0..<1200 { board.take(.mended(path: "/p/a/\(number)", reason: "no data"), for: origin) }
        #expect(try zone(board).rejected.counts == ["longer than 64 KiB": 300])
        #expect(board.rejected(of: origin) == [])
    }

    @Test func `there are at most so many reasons`() throws {
        var rejected = RejectedZnodes()
        for number in 0..<100 { rejected.insert(ZnodeReport(path: "\(number)", reason: "reason \(number)", excerpt: "")) }
        #expect(rejected.count == 100 && rejected.counts.count == 65 && rejected.counts["other"] == 36)
        for number in 0..<100 { rejected.remove("\(number)", "reason \(number)") }
        #expect(rejected.counts == [:] && rejected.listed == [:])
    }

    @Test func `the server is ready when every zone has been read, until its end`() throws {
        let other = try #require(DomainName(text: "b.test"))
        let board = StatusBoard(origins: [origin, other])
        let zone = try #require(TestRegistry().zone)
        let own = StatusBoard(origins: [zone.origin])
        #expect(board.facts.obstacles == [".: the registry has not been read", "b.test.: the registry has not been read"])
        for (status, obstacles) in [
            (ZoneStatus.current, []), (.stale, []), (.expired, ["svc.local.: ZooKeeper has been out of reach for too long"]),
        ] {
            own.take(ServedZones([ServedZone(zone, status)]))
            #expect(own.facts.obstacles == obstacles)
        }
        own.take(ServedZones([ServedZone(zone, .current)]))
        own.beginLameDuck()
        #expect(own.facts.obstacles == ["server: it is about to end"])
    }

    @Test func `sessions and connections are counted apart`() {
        let board = StatusBoard([], obstacle: { .ended })
        #expect(board.facts.session.state == .starting)
        for (id, isNew) in [(Int64(1), true), (1, false), (1, false), (2, true)] {
            board.take(.connected(id: id, timeout: .seconds(4), isNew: isNew))
            board.take(.disconnected)
        }
        let session = board.facts.session
        #expect((session.reconnects, session.expiries, session.id, session.state) == (2, 1, 2, .disconnected))
        #expect(session.obstacle == "the session has ended")
    }

    @Test func `a publication is reported once, with what it is about`() async throws {
        let zone = try #require(TestRegistry().zone)
        let board = StatusBoard(origins: [zone.origin])
        var changes = board.changes().makeAsyncIterator()
        board.take(.complete(Registry()), for: zone.origin)
        board.take(.changed(RegistryChange(services: ["a": service(1)])), for: zone.origin)
        board.take(ServedZones([ServedZone(zone, .current)]))
        board.take(ServedZones([ServedZone(zone, .current)]))
        board.take(ServedZones([ServedZone(zone, .stale)]))
        var statuses: [ZoneStatus] = []
        for _ in 0..<2 { if let publication = await changes.next() { statuses.append(publication.zone.status) } }
        #expect(statuses == [.current, .stale])
    }

    @Test func `propagation is counted in its bucket`() throws {
        let board = StatusBoard(origins: [origin])
        let now = ContinuousClock.now
        board.settle(origin, heard: [now - .milliseconds(1500), now - .seconds(1000), now + .seconds(5)])
        let times = try zone(board).propagation
        #expect(times.buckets == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
        #expect((1001.5..<1010).contains(times.seconds))
    }
}

extension StatusBoard {
    /// A board of zones whose registries are all at one path.
    convenience init(origins: [DomainName]) {
        self.init(origins.map { Shown(origin: $0, layout: RegistryLayout(root: "/providers")) })
    }
}
