import Logging
import ProviderRegistration
import ServiceLifecycle
import TestSupport
import Testing

/// The library's public interface, with a real ZooKeeper.
@Suite struct RegistrarTests {
    private static let path = "/providers/web/one"

    private func provider(_ instance: String = "one") throws -> ProviderAnnouncement {
        try ProviderAnnouncement(service: "web", host: "10.0.0.1", port: 9001, instance: instance)
    }

    private func registrar(_ zooKeeper: String, connectTimeout: Duration? = nil, drain: Duration = .zero) throws -> Registrar {
        try Registrar(
            [provider()], zooKeeper: zooKeeper, sessionTimeout: .seconds(4), connectTimeout: connectTimeout, drain: drain,
            logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func `what cannot be done is refused before anything is asked of ZooKeeper`() throws {
        let provider = try provider()
        func failure(
            _ providers: [ProviderAnnouncement], servers: String = "h:2181", as authentication: String? = nil,
            for readers: RegistrationReaders = .world, root: String = "/providers"
        ) -> RegistrarError? {
            do throws(RegistrarError) {
                _ = try Registrar(providers, zooKeeper: servers, authentication: authentication, readers: readers, root: root)
                return nil
            } catch {
                return error
            }
        }
        #expect(failure([provider]) == nil)
        #expect(failure([provider], servers: "h:0") == .badServers("h:0"))
        #expect(failure([provider], as: "digest:user") == .badAuthentication)
        #expect(failure([provider], for: .creator) == .anonymousReader)
        #expect(failure([provider], as: "digest:user:password", for: .creator) == nil)
        #expect(failure([provider], root: "providers") == .badRoot("providers"))
        #expect(failure([provider, provider]) == .registeredTwice(provider))
    }

    @Test func `without ZooKeeper it gives up after the time to connect, and its events end`() async throws {
        let registrar = try registrar("127.0.0.1:1", connectTimeout: .milliseconds(200))
        await #expect(throws: RegistrarError.noConnection) { try await registrar.run() }
        for await event in registrar.events { Issue.record("\(event)") }
    }

    @Test func `a provider is made again when it is deleted, and a cancelled task takes it away`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let registrar = try registrar(zooKeeper.address)
        let running = Task { try await registrar.run() }
        var events = registrar.events.makeAsyncIterator()
        #expect(await events.next() == .registered(path: Self.path))
        let deleted = try await zooKeeper.python("print(client.get('\(Self.path)')[0].decode()); client.delete('\(Self.path)')")
        #expect(deleted.output == #"{"host": "10.0.0.1", "port": 9001}"# + "\n")
        #expect(await events.next() == .lost(path: Self.path, .deleted))
        #expect(await events.next() == .registered(path: Self.path))
        running.cancel()
        _ = await running.result
        #expect(try await zooKeeper.python("print(client.exists('\(Self.path)'))").output == "None\n")
    }

    @Test func `withdrawn before it runs it waits for announce, and a graceful shutdown withdraws before it returns`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let registrar = try registrar(zooKeeper.address)
        registrar.withdraw()
        let group = ServiceGroup(services: [registrar], logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await group.run() }
        // Nothing is made until then: the parent is not there either.
        #expect(try await zooKeeper.python("print(client.exists('/providers'))").output == "None\n")
        registrar.announce()
        var events = registrar.events.makeAsyncIterator()
        #expect(await events.next() == .registered(path: Self.path))
        await group.triggerGracefulShutdown()
        #expect(await events.next() == .withdrawn(path: Self.path))
        #expect(await events.next() == nil)
        try await running.value
        #expect(try await zooKeeper.python("print(client.exists('\(Self.path)'))").output == "None\n")
    }
}
