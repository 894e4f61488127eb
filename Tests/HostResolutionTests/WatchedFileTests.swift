import DNSAuthority
import Foundation
import IPAddressing
import Logging
import TestSupport
import Testing

@testable import HostResolution

@Suite struct WatchedFileTests {
    /// A folder that goes with it, and what is logged.
    private final class Place: Sendable {
        let folder = FileManager.default.temporaryDirectory.appending(path: "zoodns-\(UUID().uuidString)")
        private let log = LoggedMessages()

        init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(at: folder) }

        var logged: [String] { log.all }
        var logger: Logger { log.logger }

        func path(_ name: String) -> String { folder.appending(path: name).path }

        func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: folder.appending(path: name)) }
    }

    private let start = ContinuousClock.now

    private func environment(_ place: Place, hosts: String? = "hosts") throws -> ResolverEnvironment {
        ResolverEnvironment(
            servers: [], hosts: hosts.map(place.path),
            own: OwnService(origins: [], endpoints: [try #require(SocketEndpoint("127.0.0.1:53"))]),
            resolvConf: place.path("resolv.conf"), start: start)
    }

    private func box(_ environment: ResolverEnvironment) -> [String] {
        (environment.hostsFile.addresses(of: "box", takesLoopback: true) ?? []).map(\.text).sorted()
    }

    @Test func `files are read again when somebody has written to them, up to a bound`() throws {
        let place = try Place()
        var environment = try environment(place)
        _ = environment.refresh(at: start, place.logger)
        // Without the file, glibc asks 127.0.0.1: that is this server itself.
        #expect(environment.configuration.servers == [])
        try place.write("nameserver 192.0.2.1\nnameserver 127.0.0.1\n", to: "resolv.conf")
        try place.write("10.0.0.1 box\n10.0.0.2 other\n", to: "hosts")
        #expect(environment.refresh(at: start + .seconds(1), place.logger) == .init(hosts: ["box", "other"], isSearch: true))
        #expect(environment.configuration.servers == [try #require(SocketEndpoint("192.0.2.1:53"))])
        #expect(environment.refresh(at: start + .seconds(2), place.logger) == .init())
        try place.write("10.0.0.3 box\n10.0.0.2 other\n", to: "hosts")
        let long = String(repeating: "# comment\n", count: ResolverConfiguration.mostOctets / 10) + "nameserver 192.0.2.2\n"
        try place.write(long, to: "resolv.conf")
        #expect(environment.refresh(at: start + .seconds(3), place.logger) == .init(hosts: ["box"], isSearch: true))
        #expect(environment.configuration.servers == [])
        #expect(place.logged.filter { $0.hasPrefix("file is too long") }.count == 1)
        try FileManager.default.removeItem(atPath: place.path("hosts"))
        #expect(environment.refresh(at: start + .seconds(4), place.logger).hosts == ["box", "other"])
        #expect(box(environment) == [])
    }

    @Test func `files are looked at once a second at most, however many hosts are looked up`() throws {
        let place = try Place()
        try place.write("10.0.0.1 box\n", to: "hosts")
        var environment = try environment(place)
        _ = environment.refresh(at: start, place.logger)
        try place.write("10.0.0.2 box\n", to: "hosts")
        for millisecond in 1..<1000 { _ = environment.refresh(at: start + .milliseconds(millisecond), place.logger) }
        #expect(box(environment) == ["10.0.0.1"])
        #expect(environment.nextLook == start + .seconds(1))
        _ = environment.refresh(at: start + .seconds(1), place.logger)
        #expect(box(environment) == ["10.0.0.2"])
    }

    @Test func `a file that is changed in place, and made to look as old as before, is read again`() throws {
        let place = try Place()
        try place.write("10.0.0.1 box\n", to: "hosts")
        var status = stat()
        #expect(stat(place.path("hosts"), &status) == 0)
        var file = WatchedFile(place.path("hosts"), mostOctets: 100)
        #expect(file.takeNews(place.logger) != nil)
        #expect(file.takeNews(place.logger) == nil)
        let handle = try FileHandle(forWritingTo: place.folder.appending(path: "hosts"))
        try handle.write(contentsOf: Data("10.0.0.2 box\n".utf8))
        try handle.close()
        #expect(utimensat(AT_FDCWD, place.path("hosts"), [status.st_atim, status.st_mtim], 0) == 0)
        #expect(file.takeNews(place.logger) == Array("10.0.0.2 box\n".utf8))
    }

    @Test(arguments: ["directory", "fifo", "loop"]) func `what cannot be read is reported once, changes nothing, and is tried again`(
        _ kind: String
    ) throws {
        let place = try Place()
        try place.write("10.0.0.1 box\n", to: "hosts")
        var environment = try environment(place)
        _ = environment.refresh(at: start, place.logger)
        let path = place.path("hosts")
        try FileManager.default.removeItem(atPath: path)
        switch kind {
        case "directory": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        case "fifo": #expect(mkfifo(path, 0o600) == 0)
        default: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
        }
        for second in 1...5 { _ = environment.refresh(at: start + .seconds(second), place.logger) }
        #expect(box(environment) == ["10.0.0.1"])
        #expect(place.logged.filter { $0 == "file cannot be read" }.count == 1)
        try FileManager.default.removeItem(atPath: path)
        try place.write("10.0.0.2 box\n", to: "hosts")
        _ = environment.refresh(at: start + .seconds(6), place.logger)
        #expect(box(environment) == ["10.0.0.2"])
        // What cannot be read at first is nothing.
        var other = try self.environment(place, hosts: kind == "directory" ? "" : "none")
        _ = other.refresh(at: start, place.logger)
        #expect(box(other) == [])
    }

    @Test(.timeLimit(.minutes(1))) func `of a hosts file of a gigabyte the first megabytes are read`() throws {
        let place = try Place()
        try place.write("10.0.0.1 box\n10.0.0.2 box.", to: "hosts")
        #expect(truncate(place.path("hosts"), 1 << 30) == 0)
        var environment = try environment(place)
        _ = environment.refresh(at: start, place.logger)
        #expect(box(environment) == ["10.0.0.1"])
        #expect(place.logged.filter { $0.hasPrefix("file is too long") }.count == 1)
    }

    @Test func `without a hosts file nothing stands in it`() throws {
        var environment = try environment(try Place(), hosts: nil)
        #expect(environment.refresh(at: start, Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }).hosts == [])
        #expect(environment.hostsFile.addresses(of: "localhost", takesLoopback: true) == nil)
    }

    @Test func `names of which no name server is asked are not looked for in search domains either`() throws {
        let place = try Place()
        try place.write("nameserver 192.0.2.1\nsearch localhost a.localhost b.test\n", to: "resolv.conf")
        var environment = try environment(place)
        _ = environment.refresh(at: start, place.logger)
        #expect(environment.candidates(for: "db").map(\.name.text) == ["db.b.test.", "db."])
    }
}
