import DNSAuthority
import Foundation
import IPAddressing
import ProviderRegistry
import Synchronization
import TestSupport
import Testing

@testable import ServerStatus

/// The routes for clients that speak no SRV, at a real endpoint whose registry the test changes.
@Suite struct LongPollingTests {
    /// A registry that is served, as `StatusBoard` and the server have it.
    private final class Served: Sendable {
        let board: StatusBoard
        let polling: LongPolling
        private let state: Mutex<(test: TestRegistry, zones: ServedZones, serial: UInt32)>
        private let origin: DomainName

        init() throws {
            origin = try #require(DomainName(text: "svc.local"))
            board = StatusBoard(origins: [origin])
            polling = LongPolling(board)
            state = Mutex((TestRegistry(), ServedZones([ServedZone(notReady: origin)]), 0))
        }

        /// Publishes the registry with one more provider of a service, or without the service.
        func publish(_ service: String, _ last: UInt32?) {
            let (registry, zones) = state.withLock { state in
                state.serial += 1
                if let last {
                    state.test.add(service, InstanceName("\(last)"), Provider(host: .ipv4(.init(value: 0x0A00_0000 + last)), port: 80))
                } else {
                    state.test.registry.services[ServiceName(service)] = nil
                }
                if let zone = state.test.zone(serial: state.serial) { state.zones = ServedZones([ServedZone(zone, .current)]) }
                return (state.test.registry, state.zones)
            }
            board.take(.complete(registry), for: origin)
            board.take(zones)
        }

        var routes: [any RouteGroup] {
            let services = ServedServices(board, served: { self.state.withLock { $0.zones } }) { [origin] text in
                (DomainName(text: text)?.appending(origin)).map { [(origin, $0)] } ?? []
            }
            let routes = ServiceRoutes(services, polling)
            return [routes, EventRoutes(ChangeFeed(), routes)]
        }
    }

    /// Runs `body` with an endpoint of a served registry at a free port.
    private func serving(_ body: (Served, SocketEndpoint) async throws -> Void) async throws {
        let served = try Served()
        let loopback = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: 0)
        let server = try await AdminServer.listen(.tcp(loopback), logger: LoggedMessages().logger)
        guard case .tcp(let endpoint) = server.address else { return }
        let task = Task { await server.run(served.routes) }
        do { try await body(served, endpoint) } catch { Issue.record(error) }
        task.cancel()
        await task.value
    }

    /// A client that has sent a request.
    private func client(_ endpoint: SocketEndpoint, _ request: String, _ fields: String = "", body: String = "") throws -> ClientSocket {
        let client = try ClientSocket(endpoint, isStream: true)
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        try client.write(Array("\(request) HTTP/1.1\r\nHost: localhost\r\n\(fields)\(length)\r\n\(body)".utf8))
        return client
    }

    /// What a client reads until a text comes, or the end.
    private func read(_ client: ClientSocket, until text: String) -> String {
        var found = ""
        while !found.contains(text), let more = try? client.readSome(), !more.isEmpty { found += String(decoding: more, as: UTF8.self) }
        return found
    }

    @Test func `a request that waits is answered by a change of its service alone`() async throws {
        try await serving { served, endpoint in
            let early = try client(endpoint, "GET /v1/services/web")
            #expect(read(early, until: "\n\r").hasPrefix("HTTP/1.1 503 "))
            served.publish("web", 1)
            let first = read(try client(endpoint, "GET /v1/services/web"), until: "}\n")
            #expect(first.contains("ETag: \"1\"\r\n") && first.contains("10.0.0.1"), "\(first)")
            let known = read(try client(endpoint, "GET /v1/services/web", "If-None-Match: \"1\"\r\n"), until: "\r\n\r\n")
            #expect(known.hasPrefix("HTTP/1.1 304 "))
            let held = try client(endpoint, "GET /v1/services/web?wait=40s", "If-None-Match: \"1\"\r\n")
            try await waitUntil("it is held") { served.polling.places.taken == 1 }
            served.publish("other", 9)
            // Time for a look at the other's change.
            try await Task.sleep(for: .milliseconds(300))
            #expect(served.polling.places.taken == 1)
            served.publish("web", 2)
            let second = read(held, until: "}\n")
            #expect(second.contains("ETag: \"3\"\r\n") && second.contains("10.0.0.2"), "\(second)")
            let patient = read(try client(endpoint, "GET /v1/services/web?wait=200ms", "If-None-Match: \"3\"\r\n"), until: "\r\n\r\n")
            #expect(patient.hasPrefix("HTTP/1.1 304 ") && patient.contains("ETag: \"3\"\r\n"))
            let targets = read(try client(endpoint, "GET /sd/prometheus?wait=40s", "If-None-Match: \"2\"\r\n"), until: "]\n")
            #expect(targets.hasPrefix("HTTP/1.1 200 ") && targets.contains("10.0.0.9:80"))
            let missing = read(try client(endpoint, "GET /v1/services/none"), until: "}\n")
            #expect(missing.hasPrefix("HTTP/1.1 404 ") && missing.contains(#""exists":false"#))
            let bad = read(try client(endpoint, "GET /v1/services/web?wait=soon"), until: "\n\r")
            #expect(bad.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func `Envoy is answered when its endpoints change, and an empty assignment when the service is gone`() async throws {
        try await serving { served, endpoint in
            served.publish("web", 1)
            func post(_ version: String, _ fields: String = "") throws -> ClientSocket {
                try client(
                    endpoint, "POST /v3/discovery:endpoints", fields,
                    body: #"{"version_info":"\#(version)","resource_names":["web"],"node":"\#(String(repeating: "x", count: 200_000))"}"#)
            }
            let first = read(try post(""), until: "}\n")
            let version = String(try #require(first.firstMatch(of: /"version_info":"([^"]+)"/)).output.1)
            #expect(first.contains("10.0.0.1"))
            // Held for four fifths of what Envoy waits.
            let unchanged = read(try post(version, "x-envoy-expected-rq-timeout-ms: 250\r\n"), until: "\r\n\r\n")
            #expect(unchanged.hasPrefix("HTTP/1.1 304 "), "\(unchanged)")
            let held = try post(version, "x-envoy-expected-rq-timeout-ms: 40000\r\n")
            try await waitUntil("it is held") { served.polling.places.taken == 1 }
            served.publish("web", nil)
            let gone = read(held, until: "}\n")
            #expect(gone.contains(#""cluster_name":"web","endpoints":[]"#), "\(gone)")
            let long = try client(endpoint, "POST /v3/discovery:endpoints", body: String(repeating: " ", count: (256 << 10) + 1))
            #expect(read(long, until: "\n\r").hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `clients that go make room, and too many are refused`() async throws {
        try await serving { served, endpoint in
            served.publish("web", 1)
            var clients = try (0..<64).map { _ in try client(endpoint, "GET /v1/services/web?wait=50s", "If-None-Match: \"1\"\r\n") }
            try await waitUntil("all are held") { served.polling.places.taken == 64 }
            let refused = read(try client(endpoint, "GET /v1/services/web?wait=50s", "If-None-Match: \"1\"\r\n"), until: "\r\n\r\n")
            #expect(refused.hasPrefix("HTTP/1.1 503 ") && refused.contains("Retry-After: 1\r\n"))
            #expect(read(try client(endpoint, "GET /v1/services/web"), until: "}\n").hasPrefix("HTTP/1.1 200 "))
            clients = []
            try await waitUntil("their places are free") { served.polling.places.taken == 0 }
            withExtendedLifetime(clients) {}
        }
    }

    @Test func `a service's events say all that there is to say of it, again when it changes`() async throws {
        try await serving { served, endpoint in
            served.publish("web", 1)
            let follower = try client(endpoint, "GET /events?service=web")
            let first = read(follower, until: "}\n\n")
            #expect(first.contains("id: 1\nevent: service\ndata: {") && first.contains("10.0.0.1"), "\(first)")
            served.publish("other", 9)
            served.publish("web", 2)
            let second = read(follower, until: "10.0.0.2")
            #expect(!second.contains("id: 2\n") && second.contains("id: 3\n"), "\(second)")
            served.publish("web", nil)
            #expect(read(follower, until: #""exists":false"#).contains("id: 4\n"))
            #expect(read(try client(endpoint, "GET /events?service=web&zone=none"), until: "\n\r").hasPrefix("HTTP/1.1 404 "))
        }
    }
}
