import Glibc
import IPAddressing
import TestSupport
import Testing

@testable import ServerStatus

@Suite struct AdminServerTests {
    private let log = LoggedMessages()

    /// Runs `body` with an endpoint of a board without zones at a free port; gives how long the end took.
    private func serving(_ body: (SocketEndpoint) async throws -> Void) async throws -> Duration {
        let loopback = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: 0)
        let server = try await AdminServer.listen(.tcp(loopback), logger: log.logger)
        guard case .tcp(let endpoint) = server.address else { return .zero }
        let task = Task { await server.run([HealthRoutes(StatusBoard(origins: []))]) }
        do { try await body(endpoint) } catch {
            task.cancel()
            throw error
        }
        let start = ContinuousClock.now
        task.cancel()
        await task.value
        return start.duration(to: .now)
    }

    private func get(_ path: String, method: String = "GET", _ fields: String = "Host: localhost:9153\r\n") -> [UInt8] {
        Array("\(method) \(path) HTTP/1.1\r\n\(fields)\r\n".utf8)
    }

    /// What is answered, until the other side closes.
    private func answer(_ endpoint: SocketEndpoint, _ request: [UInt8]) throws -> String {
        let client = try ClientSocket(endpoint, isStream: true)
        try client.write(request)
        client.shutDownWriting()
        var octets: [UInt8] = []
        while let more = try? client.readSome(), !more.isEmpty { octets += more }
        return String(decoding: octets, as: UTF8.self)
    }

    @Test func `an address is TCP or a path`() {
        #expect(AdminAddress("127.0.0.1:9153")?.text == "127.0.0.1:9153")
        #expect(AdminAddress("[::1]:9153")?.text == "[::1]:9153")
        #expect(AdminAddress("/run/zoodns.sock") == .unixSocket("/run/zoodns.sock"))
        #expect(AdminAddress("./a") == .unixSocket("./a"))
        for text in ["", "9153", "localhost:9153", "127.0.0.1", "/run/", "/" + String(repeating: "a", count: 107), "/a\0b"] {
            #expect(AdminAddress(text) == nil, "\(text)")
        }
    }

    @Test func `what pages of other sites have browsers send is refused`() async throws {
        _ = try await serving { endpoint in
            for (fields, code) in [
                ("Host: 127.0.0.1:9153\r\n", 200), ("Host: [::1]:9153\r\n", 200), ("Host: LOCALHOST\r\n", 200),
                ("Host: localhost:1\r\nOrigin: http://localhost:1\r\n", 200), ("Host: evil.example\r\n", 403),
                ("Host: 127.0.0.1.evil.example\r\n", 403), ("Host: localhost:1\r\nOrigin: http://evil.example\r\n", 403),
                ("Host: localhost:1\r\nOrigin: null\r\n", 403), ("Host: 10.0.0.1\r\n", 403),
            ] {
                let response = try answer(endpoint, get("/livez", method: "GET", fields))
                #expect(response.hasPrefix("HTTP/1.1 \(code) "), "\(fields)")
            }
            // What is posted without an origin comes from no page: there is no such route here.
            for (fields, code) in [("Host: zoodns\r\n", 404), ("Host: evil.example\r\nOrigin: http://evil.example\r\n", 403)] {
                #expect(try answer(endpoint, get("/livez", method: "POST", fields)).hasPrefix("HTTP/1.1 \(code) "), "\(fields)")
            }
        }
    }

    @Test func `connections that come at the end do not end the program`() async throws {
        for _ in 0..<20 {
            _ = try await serving { endpoint in
                for _ in 0..<10 { _ = try ClientSocket(endpoint, isStream: true) }
            }
        }
    }

    @Test func `requests are answered, and others refused`() async throws {
        _ = try await serving { endpoint in
            #expect(try answer(endpoint, get("/livez")).hasSuffix("\r\n\r\nok\n"))
            #expect(try answer(endpoint, get("/readyz")).hasPrefix("HTTP/1.1 200 "))
            let head = try answer(endpoint, get("/livez", method: "HEAD"))
            #expect(head.hasPrefix("HTTP/1.1 200 ") && head.hasSuffix("\r\n\r\n"))
            #expect(try answer(endpoint, get("/nothing")).hasPrefix("HTTP/1.1 404 "))
            #expect(try answer(endpoint, get("/livez", method: "POST")).hasPrefix("HTTP/1.1 404 "))
            #expect(try answer(endpoint, Array("nonsense\r\n\r\n".utf8)).hasPrefix("HTTP/1.1 400 "))
            #expect(try answer(endpoint, get("/" + String(repeating: "a", count: 20_000))).hasPrefix("HTTP/1.1 400 "))
            // Two requests on one connection.
            #expect(try answer(endpoint, get("/livez") + get("/livez")).split(separator: "HTTP/1.1 200 ").count == 2)
        }
    }

    @Test func `a connection whose client sends too much is closed`() async throws {
        _ = try await serving { endpoint in
            let client = try ClientSocket(endpoint, isStream: true)
            signal(SIGPIPE, SIG_IGN)
            try client.write(Array("GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n".utf8))
            var sent = 0
            while (try? client.write([UInt8](repeating: 0, count: 65_536))) != nil, sent < 1000 { sent += 1 }
            #expect(sent < 1000)
        }
    }

    @Test func `a further connection closes the one without a request for longest`() async throws {
        _ = try await serving { endpoint in
            let first = try ClientSocket(endpoint, isStream: true)
            try first.write(get("/livez"))
            _ = try first.readSome()
            var idle = try (0..<AdminConnections.most - 1).map { _ in try ClientSocket(endpoint, isStream: true) }
            try first.write(get("/livez"))
            _ = try first.readSome()
            idle.append(try ClientSocket(endpoint, isStream: true))
            // One of those that never asked, not the first.
            try first.write(get("/livez"))
            #expect(String(decoding: try first.readSome(), as: UTF8.self).hasPrefix("HTTP/1.1 200 "))
            #expect(try idle[0].isAtEnd())
        }
    }

    @Test func `the end waits for no client`() async throws {
        var clients: [ClientSocket] = []
        let time = try await serving { endpoint in
            clients = try (0..<20).map { _ in try ClientSocket(endpoint, isStream: true) }
            // Half a request.
            for client in clients { try client.write(Array("GET /livez HT".utf8)) }
            #expect(try answer(endpoint, get("/livez")).hasPrefix("HTTP/1.1 200 "))
        }
        #expect(time < .seconds(3))
        withExtendedLifetime(clients) {}
    }

    @Test func `an address that is taken is reported in one line`() async throws {
        _ = try await serving { endpoint in
            let error = await #expect(throws: AdminError.self) { _ = try await AdminServer.listen(.tcp(endpoint), logger: log.logger) }
            #expect(error?.text == "cannot listen at \(endpoint.text): Address already in use; choose another address with --admin")
        }
    }

    @Test func `a socket file that no server listens at is replaced, another one is not`() async throws {
        let path = "/tmp/zoodns-admin-\(getpid()).sock"
        unlink(path)
        defer { unlink(path) }
        let address = AdminAddress.unixSocket(path)
        let first = try await AdminServer.listen(address, logger: log.logger)
        await #expect(throws: AdminError.self) { _ = try await AdminServer.listen(address, logger: log.logger) }
        let task = Task { await first.run([]) }
        task.cancel()
        await task.value
        #expect(access(path, F_OK) != 0)
        // A file that a killed server has left.
        let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(left) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isBound = withUnsafePointer(to: name) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(left, $0, length) } }
        #expect(isBound == 0)
        let second = try await AdminServer.listen(address, logger: log.logger)
        let end = Task { await second.run([]) }
        end.cancel()
        await end.value
    }
}
