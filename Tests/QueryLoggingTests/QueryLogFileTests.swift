import Foundation
import Glibc
import TestSupport
import Testing

@testable import QueryLogging

@Suite final class QueryLogFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "query-log-\(UUID().uuidString)")
    private let start = ContinuousClock.now
    private var path: String { folder.appending(path: "log").path }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // As in the server: a FIFO whose reader is gone is an error.
        signal(SIGPIPE, SIG_IGN)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    private func line(_ text: String) -> [UInt8] { Array("\(text)\n".utf8) }

    @Test func `lines are added to what the file has`() throws {
        try "old\n".write(toFile: path, atomically: false, encoding: .utf8)
        let file = try QueryLogFile(.file(path), start)
        file.add(line("new"))
        file.step(start)
        #expect(text(path) == "old\nnew\n")
    }

    @Test func `a file that was moved or removed is opened again, and no line is lost`() throws {
        let file = try QueryLogFile(.file(path), start)
        file.add(line("one"))
        file.step(start)
        #expect(rename(path, path + ".1") == 0)
        file.add(line("two"))
        file.step(start + .seconds(0.5))
        file.add(line("three"))
        file.step(start + .seconds(1))
        #expect(text(path + ".1") == "one\ntwo\n")
        #expect(text(path) == "three\n")
        unlink(path)
        file.add(line("four"))
        file.step(start + .seconds(2))
        #expect(text(path) == "four\n")
        #expect(file.dropped == 0)
    }

    @Test func `a file that cannot be opened is named`() {
        for (place, reason) in [(folder.path, "Is a directory"), (path + "/x/y", "No such file or directory")] {
            let error = #expect(throws: QueryLogError.self) { _ = try QueryLogFile(.file(place), start) }
            #expect(error?.text == "\(place) cannot be opened: \(reason)")
        }
    }

    @Test func `a full disk costs the lines that find no room, and they are counted`() throws {
        let file = try QueryLogFile(.file("/dev/full"), start)
        let long = line(String(repeating: "x", count: 9999))
        for number in 0..<1000 {
            file.add(long)
            file.step(start + .milliseconds(number * 10))
        }
        #expect(file.obstacle == "No space left on device" && file.failure == file.obstacle)
        #expect(file.dropped == 1000 - (4 << 20) / 10_000)
        file.giveUp()
        #expect(file.dropped == 1000)
    }

    @Test func `a FIFO takes no line without a reader, and whole lines from each reader on`() throws {
        #expect(mkfifo(path, 0o600) == 0)
        let file = try QueryLogFile(.file(path), start)
        file.add(line("one"))
        file.step(start)
        #expect(file.obstacle == "no process reads it")
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        file.step(start + .seconds(1))
        #expect(read(reader) == "one\n")
        let long = line(String(repeating: "x", count: 999))
        for _ in 0..<100 { file.add(long) }
        file.step(start + .seconds(1))
        #expect(!file.isEmpty)
        close(reader)
        file.step(start + .seconds(1.5))
        let next = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(next) }
        var lines: [Substring] = []
        for step in 0..<100 {
            file.step(start + .seconds(3) + .milliseconds(step))
            lines += read(next).split(separator: "\n", omittingEmptySubsequences: true)
        }
        #expect(file.isEmpty)
        #expect(file.dropped <= 1)
        #expect(lines.count > 10)
        #expect(lines.allSatisfy { $0.count == 999 }, "each from its beginning")
    }

    private func read(_ descriptor: Int32) -> String {
        var octets = [UInt8](repeating: 0, count: 1 << 20)
        let count = Glibc.read(descriptor, &octets, octets.count)
        return String(decoding: octets.prefix(max(0, count)), as: UTF8.self)
    }
}
