import ProviderRegistry
import Testing

@testable import ServerStatus

@Suite struct RegistryRecordTests {
    private let beginning = ContinuousClock.now
    private let web = ServiceName("web")

    private func service(_ providers: Int, held: Int = 0) -> Service {
        func registration(_ number: Int) throws -> Registration {
            Registration(creationZxid: 1, provider: Provider(host: try #require(ProviderHost("10.0.0.\(number)")), port: 80))
        }
        let registrations = (0..<providers).compactMap { number in (try? registration(number)).map { (InstanceName("i\(number)"), $0) } }
        let ones = (100..<100 + held).compactMap { number in
            (try? registration(number)).map { HeldProvider(instance: InstanceName("i\(number)"), registration: $0) }
        }
        return Service(registrations: Dictionary(uniqueKeysWithValues: registrations), held: ones)
    }

    private func record(_ services: [ServiceName: Service], holdDown: Duration = .seconds(120)) -> RegistryRecord {
        var record = RegistryRecord(holdDown: holdDown)
        record.take(.complete(Registry(services: services)), at: beginning)
        record.take(.connected(sessionTimeout: .seconds(10)), at: beginning)
        return record
    }

    @Test func `a change says how many providers a service had at the last publication and has now`() {
        var record = record([web: service(2)])
        #expect(record.takeChanges(atMost: 10).changes == [])
        record.take(.changed(RegistryChange(services: [web: service(3)])), at: beginning)
        record.take(.changed(RegistryChange(services: [web: service(4), ServiceName("new"): service(1)])), at: beginning)
        let taken = record.takeChanges(atMost: 10)
        #expect(
            taken.changes == [
                ServiceChange(name: "new", providers: 1, held: 0, before: nil),
                ServiceChange(name: "web", providers: 4, held: 0, before: 2),
            ])
        #expect(taken.more == 0)
        record.take(.changed(RegistryChange(services: [web: nil])), at: beginning)
        #expect(record.takeChanges(atMost: 10).changes == [ServiceChange(name: "web", providers: nil, held: 0, before: 4)])
        #expect(record.changedAt[web] == nil)
    }

    @Test func `of many changes some are named, and the others counted`() {
        var record = record([:])
        let services = Dictionary(uniqueKeysWithValues: (0..<30).map { (ServiceName("s\($0)"), service(1) as Service?) })
        record.take(.changed(RegistryChange(services: services)), at: beginning)
        let taken = record.takeChanges(atMost: 20)
        #expect(taken.changes.count == 20)
        #expect(taken.more == 10)
        #expect(record.takeChanges(atMost: 20).changes == [])
    }

    @Test func `what is the same again is no change`() {
        var record = record([web: service(2)])
        record.take(.changed(RegistryChange(services: [web: service(2)])), at: beginning)
        #expect(record.takeChanges(atMost: 10).changes == [])
        #expect(record.changedAt[web] == nil)
    }

    @Test func `a held provider's time begins once and stands still while ZooKeeper is out of reach`() throws {
        var record = record([web: service(2)])
        let vanished = service(1, held: 1)
        record.take(.changed(RegistryChange(services: [web: vanished])), at: beginning + .seconds(10))
        let provider = try #require(vanished.held.first)
        func left(_ record: RegistryRecord, after seconds: Int, isLast: Bool = false) -> Duration? {
            record.held.left(provider, of: web, isLast: isLast, at: beginning + .seconds(seconds))
        }
        #expect(left(record, after: 30) == .seconds(100))
        #expect(left(record, after: 30, isLast: true) == .seconds(220))
        record.take(.changed(RegistryChange(services: [web: service(2, held: 1)])), at: beginning + .seconds(30))
        #expect(left(record, after: 40) == .seconds(90))
        record.take(.disconnected(since: beginning + .seconds(40)), at: beginning + .seconds(45))
        #expect(!record.held.isRunning)
        #expect(left(record, after: 1000) == .seconds(90))
        record.take(.connected(sessionTimeout: .seconds(10)), at: beginning + .seconds(1000))
        #expect(left(record, after: 1010) == .seconds(80))
        #expect(left(record, after: 5000) == .zero)
        record.take(.changed(RegistryChange(services: [web: service(2)])), at: beginning + .seconds(1020))
        #expect(left(record, after: 1020) == nil)
        #expect(record.held.count == 0)
    }

    @Test func `a very long name is cut`() {
        let long = String(repeating: "é", count: 400)
        #expect(BoundedText.cut(long) == String(repeating: "é", count: 300) + "…")
        #expect(BoundedText.cut("web") == "web")
    }
}
