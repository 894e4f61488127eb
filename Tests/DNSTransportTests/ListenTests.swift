import DNSAuthority
import DNSTransport
import IPAddressing
import TestSupport
import Testing

/// A server that begins and ceases to listen at addresses while it runs.
@Suite struct ListenTests {
    private static let soa = QueryOctets.query("svc.local", "SOA")
    private let loopback: SocketEndpoint
    private let everywhere: SocketEndpoint
    private let other: SocketEndpoint

    init() throws {
        let port = try ClientSocket.freePort()
        loopback = try #require(SocketEndpoint("127.0.0.1:\(port)"))
        everywhere = try #require(SocketEndpoint("0.0.0.0:\(port)"))
        other = try #require(SocketEndpoint("127.0.0.2:\(port)"))
    }

    private func serving(at listen: [SocketEndpoint], _ body: (DNSServer) async throws -> Void) async throws {
        let server = try await DNSServer(listen: listen, workers: 2, udpLimit: 1232, zones: TestRegistry().zones)
        let task = Task { try await server.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        task.cancel()
        try await task.value
        try result.get()
    }

    private func isAnswered(_ endpoint: SocketEndpoint, isStream: Bool) -> Bool {
        guard let client = try? ClientSocket(endpoint, isStream: isStream, patience: 2) else { return false }
        return (try? client.send(Self.soa)) != nil && (try? client.receive())?.isEmpty == false
    }

    @Test func `what is new is answered at, what is gone refuses, and connections from there go on`() async throws {
        try await serving(at: [loopback]) { server in
            // Some of them the kernel has accepted, but the server has not.
            let clients = try (0..<20).map { _ in try ClientSocket(loopback, isStream: true) }
            try await server.listen(at: [other])
            #expect(server.endpoints == [other])
            for isStream in [false, true] {
                #expect(isAnswered(other, isStream: isStream))
                #expect(!isAnswered(loopback, isStream: isStream))
            }
            for client in clients {
                try client.send(Self.soa)
                #expect(try PacketText(client.receive()).code == "NOERROR")
            }
        }
    }

    @Test func `closing an address counts no query`() async throws {
        try await serving(at: [loopback, other]) { server in
            #expect(isAnswered(loopback, isStream: false) && isAnswered(other, isStream: false))
            for _ in 0..<5 {
                try await server.listen(at: [loopback])
                try await server.listen(at: [loopback, other])
            }
            #expect(isAnswered(other, isStream: false))
            #expect(server.traffic.silent.values.allSatisfy { $0 == 0 }, "\(server.traffic.silent)")
        }
    }

    @Test func `an address that another program has is an error, and changes nothing`() async throws {
        try await serving(at: [other]) { _ in
            try await serving(at: [loopback]) { server in
                await #expect(throws: ListenError.self) { try await server.listen(at: [everywhere.replacing(port: 0), other]) }
                #expect(server.endpoints == [loopback])
                #expect(isAnswered(loopback, isStream: false) && isAnswered(loopback, isStream: true))
                #expect(isAnswered(other, isStream: false) && isAnswered(other, isStream: true))
            }
        }
    }

    @Test func `from one address to all and back no query over UDP is lost`() async throws {
        try await serving(at: [loopback]) { server in
            let asking = Task {
                var lost = 0
                while !Task.isCancelled {
                    if !isAnswered(loopback, isStream: false) { lost += 1 }
                    await Task.yield()
                }
                return lost
            }
            for _ in 0..<20 {
                try await server.listen(at: [everywhere])
                #expect(isAnswered(other, isStream: false) && isAnswered(other, isStream: true))
                try await server.listen(at: [loopback])
            }
            asking.cancel()
            #expect(await asking.value == 0)
        }
    }

    @Test func `a server that has ended listens nowhere`() async throws {
        let server = try await DNSServer(listen: [loopback], workers: 1, udpLimit: 1232, zones: TestRegistry().zones)
        let task = Task { try await server.run() }
        task.cancel()
        try await task.value
        try await server.listen(at: [other])
        try await waitUntil("both are free") {
            let next = try? await DNSServer(listen: [loopback, other], workers: 1, udpLimit: 1232, zones: ServedZones())
            return next != nil
        }
    }
}

extension SocketEndpoint {
    fileprivate func replacing(port: UInt16) -> SocketEndpoint { SocketEndpoint(address: address, port: port, scope: scope) }
}
