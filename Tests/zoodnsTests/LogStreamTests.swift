import Glibc
import Testing

@testable import zoodns

@Suite struct LogStreamTests {
    @Test func `lines are written in order`() {
        let pipe = Pipe()
        let stream = LogStream(pipe.writingEnd)
        stream.start()
        let lines = (0..<100).map { "line \($0)\n" }
        for line in lines { stream.write(line) }
        stream.drain()
        #expect(pipe.read() == lines.joined())
    }

    @Test func `what would not stand in a line is escaped`() {
        let pipe = Pipe()
        let stream = LogStream(pipe.writingEnd)
        stream.write("a\u{202E}b\u{2028}c\u{1B}[2J\u{85}é\u{FEFF}\n")
        stream.drain()
        #expect(pipe.read() == #"a\u{202E}b\u{2028}c\u{1B}[2J\u{0085}é\u{FEFF}"# + "\n")
    }

    @Test func `without a thread the end of the program writes`() {
        let pipe = Pipe()
        let stream = LogStream(pipe.writingEnd)
        stream.write("line\n")
        #expect(pipe.read() == "")
        stream.drain()
        #expect(pipe.read() == "line\n")
    }

    @Test func `what is not read is left out, and counted`() {
        let pipe = Pipe()
        let stream = LogStream(pipe.writingEnd)
        stream.start()
        let filler = String(repeating: "x", count: 999) + "\n"
        for _ in 0..<3000 { stream.write(filler) }
        let start = ContinuousClock.now
        stream.drain()
        #expect(start.duration(to: .now) < .seconds(5), "the end waits for no reader that does not read")

        var text = ""
        while !text.hasSuffix("not read fast enough\n"), start.duration(to: .now) < .seconds(60) {
            usleep(1000)
            text += pipe.read()
        }
        let lines = text.split(separator: "\n")
        let notices = lines.filter { $0.contains("left out") }
        let leftOut = notices.compactMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }.reduce(0, +)
        #expect(lines.count - notices.count + leftOut == 3000)
        #expect(leftOut > 0)
        stream.write("after\n")
        stream.drain()
        #expect(pipe.read() == "after\n")
    }
}

/// A pipe of a page, read without waiting. Left open: the stream's thread goes on.
private struct Pipe {
    let readingEnd: Int32
    let writingEnd: Int32

    init() {
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        (readingEnd, writingEnd) = (ends[0], ends[1])
        _ = fcntl(readingEnd, F_SETFL, O_NONBLOCK)
        _ = fcntl(writingEnd, 1031 /* F_SETPIPE_SZ */, 4096)
    }

    /// What is there.
    func read() -> String {
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while case let count = Glibc.read(readingEnd, &chunk, chunk.count), count > 0 { octets += chunk[..<count] }
        return String(decoding: octets, as: UTF8.self)
    }
}
