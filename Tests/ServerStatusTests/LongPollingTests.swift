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

        /// Publishes the registry with one more provider of a service, or without the service: as the next version, or under the serial of
        /// the last one.
        func publish(_ service: String, _ last: UInt32?, isVersion: Bool = true) {
            let (registry, zones) = state.withLock { state in
                state.serial += isVersion ? 1 : 0
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
            let zones = ZoneRoutes(board, served: { self.state.withLock { $0.zones } }, explain: { _, _ in nil })
            return [routes, EventRoutes(ChangeFeed(), routes), zones]
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

    /// The entity tag of a response, with its quotes.
    private func tag(_ response: String) throws -> String {
        String(try #require(response.firstMatch(of: /ETag: ("[^"]+")\r\n/)).output.1)
    }

    @Test func `a request that waits is answered by a change of its service alone`() async throws {
        try await serving { served, endpoint in
            let early = try client(endpoint, "GET /v1/services/web")
            #expect(read(early, until: "\n\r").hasPrefix("HTTP/1.1 503 "))
            served.publish("web", 1)
            let first = read(try client(endpoint, "GET /v1/services/web"), until: "}\n")
            let one = try tag(first)
            #expect(one.hasPrefix("\"1-") && first.contains("10.0.0.1"), "\(first)")
            let known = read(try client(endpoint, "GET /v1/services/web", "If-None-Match: \(one)\r\n"), until: "\r\n\r\n")
            #expect(known.hasPrefix("HTTP/1.1 304 "))
            let held = try client(endpoint, "GET /v1/services/web?wait=40s", "If-None-Match: \"x\", W/\(one)\r\n")
            try await waitUntil("it is held") { served.polling.places.taken == 1 }
            served.publish("other", 9)
            // Time for a look at the other's change.
            try await Task.sleep(for: .milliseconds(300))
            #expect(served.polling.places.taken == 1)
            served.publish("web", 2)
            let second = read(held, until: "}\n")
            let three = try tag(second)
            #expect(three.hasPrefix("\"3-") && second.contains("10.0.0.2"), "\(second)")
            let patient = read(try client(endpoint, "GET /v1/services/web?wait=200ms", "If-None-Match: \(three)\r\n"), until: "\r\n\r\n")
            #expect(patient.hasPrefix("HTTP/1.1 304 ") && patient.contains("ETag: \(three)\r\n"))
            let targets = read(try client(endpoint, "GET /sd/prometheus?wait=40s", "If-None-Match: \"2\"\r\n"), until: "]\n")
            #expect(targets.hasPrefix("HTTP/1.1 200 ") && targets.contains("10.0.0.9:80"))
            let missing = read(try client(endpoint, "GET /v1/services/none"), until: "}\n")
            #expect(missing.hasPrefix("HTTP/1.1 404 ") && missing.contains(#""exists":false"#))
            let bad = read(try client(endpoint, "GET /v1/services/web?wait=soon"), until: "\n\r")
            #expect(bad.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func `a change under the serial that a client has is not lost`() async throws {
        try await serving { served, endpoint in
            served.publish("web", 1)
            let first = try tag(read(try client(endpoint, "GET /v1/services/web"), until: "}\n"))
            served.publish("web", 2, isVersion: false)
            let response = read(try client(endpoint, "GET /v1/services/web?wait=40s", "If-None-Match: \(first)\r\n"), until: "\r\n\r\n")
            let second = try tag(response)
            #expect(response.hasPrefix("HTTP/1.1 200 ") && second.hasPrefix("\"1-") && second != first, "\(response)")
            let last = "Last-Event-ID: \(first.dropFirst().dropLast())\r\n"
            #expect(read(try client(endpoint, "GET /events?service=web", last), until: "}\n\n").contains("10.0.0.2"))
            try await waitUntil("the follower has gone") { served.polling.places.taken == 0 }
            // Also when the time of a request that is held is over before the next version.
            let held = try client(endpoint, "GET /v1/services/web?wait=500ms", "If-None-Match: \(second)\r\n")
            try await waitUntil("it is held") { served.polling.places.taken > 0 }
            served.publish("web", 3, isVersion: false)
            let third = read(held, until: "\r\n\r\n")
            #expect(third.hasPrefix("HTTP/1.1 200 "), "\(third)")
            // The version that follows says the same.
            served.publish("web", 3)
            let known = read(try client(endpoint, "GET /v1/services/web", "If-None-Match: \(try tag(third))\r\n"), until: "\r\n\r\n")
            #expect(known.hasPrefix("HTTP/1.1 304 ") && known.contains("ETag: \"2-"))
        }
    }

    @Test func `a master file has another tag where the zone changes under its serial`() async throws {
        try await serving { served, endpoint in
            func answer(_ known: String) throws -> String {
                let response = read(try client(endpoint, "HEAD /zones/svc.local.zone", "If-None-Match: \(known)\r\n"), until: "\r\n\r\n")
                return try "\(response.dropFirst(9).prefix(3)) \(tag(response))"
            }
            served.publish("web", 1)
            let first = try answer("\"0\"")
            #expect(first == "200 \"1\"")
            #expect(try answer("\"1\"") == "304 \"1\"")
            served.publish("web", 2, isVersion: false)
            #expect(try answer("\"1\"") == "200 \"1.1\"")
            #expect(try answer("\"1.1\"") == "304 \"1.1\"")
            served.publish("web", 2)
            #expect(try answer("\"1.1\"") == "200 \"2\"")
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
            let known = "If-None-Match: \(try tag(read(try client(endpoint, "GET /v1/services/web"), until: "}\n")))\r\n"
            var clients = try (0..<64).map { _ in try client(endpoint, "GET /v1/services/web?wait=50s", known) }
            try await waitUntil("all are held") { served.polling.places.taken == 64 }
            let refused = read(try client(endpoint, "GET /v1/services/web?wait=50s", known), until: "\r\n\r\n")
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
            let id = String(try #require(first.firstMatch(of: /id: (1-[0-9a-f]+)\nevent: service\ndata: \{/)).output.1)
            #expect(first.contains("10.0.0.1"), "\(first)")
            served.publish("other", 9)
            // A client that has the event does not get it again under the next serial.
            let returning = try client(endpoint, "GET /events?service=web", "Last-Event-ID: \(id)\r\n")
            try await waitUntil("it is followed") { served.polling.places.taken == 2 }
            served.publish("web", 2)
            let second = read(follower, until: "10.0.0.2")
            #expect(!second.contains("id: 2-") && second.contains("id: 3-"), "\(second)")
            #expect(!read(returning, until: "10.0.0.2").contains("id: 2-"))
            served.publish("web", nil)
            #expect(read(follower, until: #""exists":false"#).contains("id: 4-"))
            #expect(read(try client(endpoint, "GET /events?service=web&zone=none"), until: "\n\r").hasPrefix("HTTP/1.1 404 "))
        }
    }
}
