import DNSAuthority
import DNSTransport
import Foundation
import IPAddressing
import TestSupport
import Testing

@Suite struct DNSServerTests {
    private static let loopbacks = ["127.0.0.1:0", "[::1]:0"].compactMap { SocketEndpoint($0) }
    private static let scenarios = URL(filePath: #filePath).appending(path: "../../DNSAuthorityTests/Scenarios").standardized

    /// Runs `body` with a server at free ports.
    private func serving(_ zones: ServedZones, _ body: (DNSServer) async throws -> Void) async throws {
        let server = try await DNSServer(listen: Self.loopbacks, workers: 2, udpLimit: 1232, zones: zones)
        let task = Task { try await server.run() }
        do { try await body(server) } catch {
            task.cancel()
            try await task.value
            throw error
        }
        task.cancel()
        try await task.value
    }

    @Test(arguments: try Scenario.all(in: scenarios))
    func `a server answers as the scenario says, over UDP and TCP`(_ scenario: Scenario) async throws {
        try await serving(TestRegistry(scenario).zones) { server in
            for endpoint in server.endpoints {
                for exchange in scenario.exchanges {
                    if exchange.isOver("udp") {
                        let client = try ClientSocket(endpoint, isStream: false)
                        try client.send(exchange.query)
                        #expect(exchange.problems(try PacketText(try client.receive())) == [], "\(scenario.name) over UDP")
                    }
                    if exchange.isOver("tcp") {
                        let client = try ClientSocket(endpoint, isStream: true)
                        try client.send(exchange.query)
                        #expect(exchange.problems(try PacketText(try client.receive())) == [], "\(scenario.name) over TCP")
                    }
                }
            }
        }
    }

    @Test func `which part a client has depends on its address, not on its port`() async throws {
        var registry = TestRegistry()
        for number in 0..<100 { registry.add("a", "u\(number)", .init(host: .ipv4(.init(value: 0x0A00_0000 + UInt32(number))), port: 80)) }
        try await serving(registry.zones) { server in
            for endpoint in server.endpoints {
                let parts = try (0..<8).map { _ in
                    let client = try ClientSocket(endpoint, isStream: false)
                    try client.send(QueryOctets.query("a.svc.local", "A"))
                    return Set(try PacketText(try client.receive()).answer)
                }
                #expect(Set(parts).count == 1)
                #expect(parts[0].count < 100)
            }
        }
    }

    @Test func `queries in one segment are all answered, in order (RFC 7766 §6.2.1)`() async throws {
        var registry = TestRegistry()
        registry.add("a", "u", .init(host: .name("localhost"), port: 80))
        try await serving(registry.zones) { server in
            let client = try ClientSocket(server.endpoints[0], isStream: true)
            let query = QueryOctets.query("a.svc.local", "SRV")
            let framed = QueryOctets.number(query.count) + query
            try client.write(Array(repeating: framed, count: 50).flatMap { $0 })
            for _ in 0..<50 { #expect(try PacketText(try client.receive()).answer.count == 1) }
        }
    }

    @Test func `a client that has said all it will gets its responses (RFC 7766 §6.2.4)`() async throws {
        try await serving(TestRegistry().zones) { server in
            let client = try ClientSocket(server.endpoints[0], isStream: true)
            try client.send(QueryOctets.query("svc.local", "SOA"))
            client.shutDownWriting()
            #expect(try PacketText(try client.receive()).code == "NOERROR")
            #expect(try client.isAtEnd())
        }
    }

    @Test func `what a client pipelines beyond its turn is answered too, then the end of its stream`() async throws {
        try await serving(TestRegistry().zones) { server in
            let client = try ClientSocket(server.endpoints[0], isStream: true)
            let query = QueryOctets.query("svc.local", "SOA")
            let framed = QueryOctets.number(query.count) + query
            try client.write(Array(repeating: framed, count: 1000).flatMap { $0 })
            client.shutDownWriting()
            for _ in 0..<1000 { #expect(try PacketText(try client.receive()).code == "NOERROR") }
            #expect(try client.isAtEnd())
        }
    }

    @Test func `beyond 1024 connections the one idle longest is closed`() async throws {
        DescriptorLimit.raise()
        try await serving(TestRegistry().zones) { server in
            let clients = try (0...1024).map { _ in try ClientSocket(server.endpoints[0], isStream: true) }
            #expect(try clients[0].isAtEnd())
            for client in [clients[1], clients[1024]] {
                try client.send(QueryOctets.query("svc.local", "SOA"))
                #expect(try PacketText(try client.receive()).code == "NOERROR")
            }
        }
    }

    @Test func `a flood does not keep it from ending`() async throws {
        let server = try await DNSServer(listen: Self.loopbacks, workers: 1, udpLimit: 1232, zones: TestRegistry().zones)
        let task = Task { try await server.run() }
        let flood = try RunningProgram(
            ZooKeeperProcess.python,
            [
                "-c",
                """
                import socket
                client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                server = ("127.0.0.1", \(server.endpoints[0].port))
                client.sendto(bytes(12), server)
                client.recv(512)
                print("answered", flush=True)
                while True: client.sendto(bytes(12), server)
                """,
            ])
        try await waitUntil("it answers") { flood.output == "answered\n" }
        let start = ContinuousClock.now
        task.cancel()
        try await task.value
        #expect(flood.isRunning)
        #expect(ContinuousClock.now - start < .seconds(3))
    }

    @Test func `what was sent before the end is answered, over connections that were not accepted yet too`() async throws {
        let server = try await DNSServer(listen: Self.loopbacks, workers: 1, udpLimit: 1232, zones: TestRegistry().zones)
        let task = Task { try await server.run() }
        let clients = try (0..<200).map { _ in
            let client = try ClientSocket(server.endpoints[0], isStream: true)
            for _ in 0..<20 { try client.send(QueryOctets.query("svc.local", "SOA")) }
            return client
        }
        task.cancel()
        for client in clients {
            for _ in 0..<20 { #expect(try PacketText(client.receive()).code == "NOERROR") }
            #expect(try client.isAtEnd())
        }
        try await task.value
    }

    @Test func `new zones are answered from once they are published`() async throws {
        try await serving(ServedZones()) { server in
            let client = try ClientSocket(server.endpoints[0], isStream: false)
            try client.send(QueryOctets.query("svc.local", "SOA"))
            #expect(try PacketText(try client.receive()).code == "REFUSED")
            server.publish(TestRegistry().zones)
            try client.send(QueryOctets.query("svc.local", "SOA"))
            #expect(try PacketText(try client.receive()).code == "NOERROR")
        }
    }

    @Test func `an address that is taken is refused in one line`() async throws {
        try await serving(ServedZones()) { server in
            await #expect(throws: ListenError.self) {
                try await DNSServer(listen: [server.endpoints[0]], workers: 1, udpLimit: 1232, zones: ServedZones())
            }
        }
    }
}
