import Foundation
import IPAddressing
import TestSupport
import Testing

/// The query log, dnstap and the log in JSON of the program, with the programs that read them.
@Suite struct QueryLogTests {
    /// A folder that is gone with the test.
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appending(path: "zoodns-log-\(UUID().uuidString.prefix(8))")

        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(at: url) }

        func path(_ name: String) -> String { url.appending(path: name).path }

        func octets(_ name: String) -> Int { (try? Data(contentsOf: url.appending(path: name)).count) ?? 0 }

        func text(_ name: String) -> String { (try? String(contentsOfFile: path(name), encoding: .utf8)) ?? "" }
    }

    private static func capture(_ folder: Folder, _ file: String) async throws -> RunningProgram {
        let socket = folder.path("tap")
        unlink(socket)
        let program = try RunningProgram(
            URL(filePath: "/usr/bin/fstrm_capture"), ["-t", "protobuf:dnstap.Dnstap", "-u", socket, "-w", folder.path(file)])
        try await waitUntil("the receiver listens") { FileManager.default.fileExists(atPath: socket) }
        return program
    }

    /// What `dnstap-read` shows: kind, transport, question, a line each.
    private static func captured(_ folder: Folder, _ file: String) async throws -> [String] {
        let result = try await RunningProgram.run(URL(filePath: "/usr/bin/dnstap-read"), ["-y", folder.path(file)])
        #expect(result.exitCode == 0, "\(result.errors)")
        return result.output.components(separatedBy: "---\n").filter { !$0.isEmpty }.map { document in
            func field(_ pattern: Regex<(Substring, Substring)>) -> Substring { document.firstMatch(of: pattern)?.output.1 ?? "?" }
            let fields = [field(/\n  type: (\S+)/), field(/socket_protocol: (\S+)/), field(/QUESTION_SECTION:\n\s+- '?([^'\n]+)/)]
            return fields.joined(separator: " ")
        }
    }

    private func objects(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
    }

    @Test func `fstrm_capture and dnstap-read have what was asked and answered, also by a receiver that came back`() async throws {
        let folder = try Folder()
        let first = try await Self.capture(folder, "first")
        let server = try await ServingProgram(
            zooKeeper: "127.0.0.1:1", ["--dnstap", "unix:\(folder.path("tap"))", "--dnstap-identity", "lab"])
        try await waitUntil("the receiver accepts") { server.program.errors.contains("dnstap receiver accepts") }
        _ = try server.ask("one.example", "A")
        _ = try server.ask("two.example", "AAAA", isStream: true)
        try await waitUntil("both are captured") {
            first.signal(SIGHUP)
            return folder.octets("first") > 400
        }
        first.signal(SIGKILL)
        _ = try await first.exitCode()
        let second = try await Self.capture(folder, "second")
        try await waitUntil("the new receiver accepts") {
            server.program.errors.components(separatedBy: "dnstap receiver accepts").count == 3
        }
        _ = try server.ask("three.example", "SRV")
        // A response that is answered with silence.
        let client = try ClientSocket(server.endpoint, isStream: false, patience: 1)
        try client.send(QueryOctets.query("silent.example", "A", flags: 0x8000))
        _ = try server.ask("four.example", "A")
        server.program.signal(SIGTERM)
        #expect(try await server.program.exitCode() == 0)
        second.signal(SIGTERM)
        _ = try await second.exitCode()
        // Threads hand over what they have one after another.
        let captured = try await Self.captured(folder, "second").sorted()
        #expect(
            captured == [
                "AUTH_QUERY UDP four.example. IN A", "AUTH_QUERY UDP silent.example. IN A", "AUTH_QUERY UDP three.example. IN SRV",
                "AUTH_RESPONSE UDP four.example. IN A", "AUTH_RESPONSE UDP three.example. IN SRV",
            ])
        #expect(!server.program.errors.contains("left out"))
    }

    @Test func `a receiver that never accepts keeps neither answers nor the end waiting`() async throws {
        let folder = try Folder()
        let receiver = try RunningProgram(
            ZooKeeperProcess.python,
            [
                "-c",
                """
                import socket, time
                server = socket.socket(socket.AF_UNIX)
                server.bind("\(folder.path("tap"))")
                server.listen(0)
                print("listening", flush=True)
                time.sleep(1000)
                """,
            ])
        try await waitUntil("the receiver listens") { receiver.output == "listening\n" }
        let server = try await ServingProgram(zooKeeper: "127.0.0.1:1", ["--dnstap", folder.path("tap")])
        for _ in 0..<1000 { #expect(try server.ask("web.example", "A").code == "REFUSED") }
        try await waitUntil("it is given up") { server.program.errors.contains("it does not accept in time") }
        let start = ContinuousClock.now
        server.program.signal(SIGTERM)
        #expect(try await server.program.exitCode() == 0)
        #expect(start.duration(to: .now) < .seconds(4))
        #expect(server.program.errors.contains("count=2000 [QueryLogging] dnstap messages are left out"), "\(server.program.errors)")
    }

    @Test func `each query is a line, in the file that the path names`() async throws {
        let folder = try Folder()
        let server = try await ServingProgram(zooKeeper: "127.0.0.1:1", ["--query-log", folder.path("log")])
        _ = try server.ask("one.example", "A")
        _ = try server.ask("two.svc.local", "SRV", isStream: true)
        try await waitUntil("two lines") { folder.text("log").split(separator: "\n").count == 2 }
        // Each thread's lines are in order, those of several are not.
        let objects = try objects(folder.text("log")).sorted { "\($0["name"] ?? "")" < "\($1["name"] ?? "")" }
        #expect(objects.map { $0["name"] as? String } == ["one.example.", "two.svc.local."])
        #expect(objects.map { $0["rcode"] as? String } == ["REFUSED", "SERVFAIL"])
        #expect(objects.map { $0["proto"] as? String } == ["udp", "tcp"])
        #expect(objects.map { $0["local"] as? String } == ["127.0.0.1", "127.0.0.1"])
        #expect(rename(folder.path("log"), folder.path("log.1")) == 0)
        try await waitUntil("the new file is there") { FileManager.default.fileExists(atPath: folder.path("log")) }
        _ = try server.ask("three.example", "A")
        try await waitUntil("a line in the new file") { folder.text("log").contains("three.example.") }
        #expect(folder.text("log.1").split(separator: "\n").count == 2)
    }

    @Test func `a server at all addresses logs the address that was asked`() async throws {
        let program = try RunningProgram(
            RunningProgram.zoodns,
            ["serve", "--zookeeper", "127.0.0.1:1", "--listen", "0.0.0.0:0", "--query-log", "-", "--nameserver-address", "10.0.0.1"])
        try await waitUntil("the server listens") { program.output.hasSuffix(" udp tcp\n") }
        let port = try #require(program.output.firstMatch(of: /:(\d+) udp/)?.output.1)
        for address in ["127.0.0.2", "127.0.0.3"] {
            _ = try await RunningProgram.run(URL(filePath: "/usr/bin/dig"), ["@\(address)", "-p", String(port), "x.example", "+tries=1"])
        }
        try await waitUntil("two lines on standard output") { program.output.split(separator: "\n").count == 3 }
        #expect(program.output.matches(of: /"local":"([^"]*)"/).map(\.output.1) == ["127.0.0.2", "127.0.0.3"])
    }

    @Test func `a FIFO without a reader and a full disk cost lines, not answers`() async throws {
        let folder = try Folder()
        #expect(mkfifo(folder.path("fifo"), 0o600) == 0)
        for place in [folder.path("fifo"), "/dev/full"] {
            let server = try await ServingProgram(zooKeeper: "127.0.0.1:1", ["--query-log", place])
            for _ in 0..<100 { #expect(try server.ask("web.example", "A").code == "REFUSED") }
            if place == "/dev/full" {
                try await waitUntil("the log says that lines wait") {
                    server.program.errors.contains("query log cannot be written: lines wait")
                }
            }
            server.program.signal(SIGTERM)
            #expect(try await server.program.exitCode() == 0)
            #expect(server.program.errors.contains("count=100"), "\(server.program.errors)")
            #expect(server.program.errors.contains("lines of the query log are left out"))
        }
    }

    @Test func `a query log that cannot be opened is one line, and exit code 1`() async throws {
        let result = try await RunningProgram.run(
            RunningProgram.zoodns, ["serve", "--listen", "127.0.0.1:0", "--query-log", "/nowhere/log", "--log-format", "json"])
        #expect(result.exitCode == 1)
        let objects = try objects(result.errors)
        #expect(objects.map { $0["message"] as? String } == ["--query-log /nowhere/log cannot be opened: No such file or directory"])
        #expect(objects.map { $0["level"] as? String } == ["critical"])
    }

    @Test func `the admin endpoint shows and changes what is logged, what is asked most, and what was left out`() async throws {
        let folder = try Folder()
        let socket = folder.path("admin")
        let program = try RunningProgram(
            RunningProgram.zoodns,
            [
                "serve", "--zookeeper", "127.0.0.1:1", "--listen", "127.0.0.1:0", "--workers", "1", "--admin", socket, "--query-log",
                folder.path("log"), "--query-log-sample", "0", "--dnstap", folder.path("nobody-listens"),
            ])
        try await waitUntil("the server listens") { program.output.hasSuffix(" udp tcp\n") }
        let endpoint = try #require(program.output.firstMatch(of: /listening (\S+)/).flatMap { SocketEndpoint(String($0.output.1)) })
        func curl(_ path: String, _ options: String...) async throws -> String {
            try await RunningProgram.run(
                URL(filePath: "/usr/bin/curl"), ["-s", "--unix-socket", socket, "http://localhost/\(path)"] + options
            ).output
        }
        func ask(_ name: String) throws {
            let client = try ClientSocket(endpoint, isStream: false)
            try client.send(QueryOctets.query(name, "A"))
            _ = try client.receive()
        }
        try ask("unlogged.example")
        #expect(try await curl("querylog") == #"{"class":"all","dropped":0,"every":1,"on":false}"# + "\n")
        for wrong in ["on=yes", "every=0", "every=x", "class=some", "x=1"] {
            #expect(try await curl("querylog?\(wrong)", "-X", "PUT").hasPrefix("on: true or false;"))
        }
        #expect(try await curl("querylog?on=true&class=error", "-X", "PUT") == #"{"class":"error","dropped":0,"every":1,"on":true}"# + "\n")
        for _ in 0..<122 { try ask("often.example") }
        try await waitUntil("122 lines") { folder.text("log").split(separator: "\n").count == 122 }
        #expect(!folder.text("log").contains("unlogged"))
        try await waitUntil("the sample") { try await curl("top").hasPrefix(#"[{"name":"often.example.","queriesPerSecond":"#) }
        let metrics = try await curl("metrics")
        #expect(metrics.contains("\nzoodns_query_log_dropped_total 0\n"))
        #expect(metrics.contains("\nzoodns_dnstap_dropped_total 246\n"), "\(metrics)")
    }

    @Test func `with --log-format json every line is an object, of register too`() async throws {
        let server = try await ServingProgram(zooKeeper: "127.0.0.1:1", ["--log-format", "json"])
        try await waitUntil("it logs") { server.program.errors.contains("\n") }
        server.program.signal(SIGTERM)
        #expect(try await server.program.exitCode() == 0)
        let lines = try objects(server.program.errors)
        #expect(lines.count >= 3)
        #expect(lines.allSatisfy { $0["time"] != nil && $0["level"] != nil && $0["logger"] as? String == "zoodns" && $0["message"] != nil })
        let register = try RunningProgram(
            RunningProgram.zoodns, ["register", "web", "--port", "1", "--zookeeper", "127.0.0.1:1", "--log-format", "json"])
        try await waitUntil("it logs") { register.errors.contains("\n") }
        register.signal(SIGTERM)
        _ = try await register.exitCode()
        #expect(try objects(register.errors).count >= 1)
    }
}
