import Foundation
import Glibc
import TestSupport
import Testing

@testable import QueryLogging
@testable import QueryTap

@Suite struct DnstapMessageTests {
    /// Both messages of a query, with its times.
    private func messages(isStream: Bool, isIPv6: Bool) -> (query: [UInt8], response: [UInt8], times: QueryRecord.Times) {
        let recorded = RecordedQueries(isStream: isStream, isIPv6: isIPv6) { $0.isTapped = true }
        recorded.batch([([1, 2, 3], 0, [4, 5])])
        var encoder = DnstapMessage(identity: "me", version: "v1")
        var (first, second, times) = ([UInt8](), [UInt8](), QueryRecord.Times(received: 0, sent: 0))
        _ = recorded.tap.drain { record in
            encoder.encode(.query, of: record)
            first = encoder.octets
            encoder.encode(.response, of: record)
            second = encoder.octets
            times = record.times
        }
        return (first, second, times)
    }

    /// A time: a varint of five octets until the year 2106, behind its tag, then nanoseconds, the least significant octet first.
    private func time(_ secondsTag: UInt8, _ nanosecondsTag: UInt8, _ time: Int64) -> [UInt8] {
        let (seconds, nanoseconds) = (time / 1_000_000_000, time % 1_000_000_000)
        let varint: [UInt8] = (0..<5).map { UInt8(truncatingIfNeeded: seconds >> Int64($0 * 7) & 127) | ($0 < 4 ? 128 : 0) }
        let fixed: [UInt8] = (0..<4).map { UInt8(truncatingIfNeeded: nanoseconds >> Int64($0 * 8)) }
        return [secondsTag] + varint + [nanosecondsTag] + fixed
    }

    /// A message within `Dnstap`: identity, version, message, type.
    private func whole(_ message: [UInt8]) -> [UInt8] {
        let origin: [UInt8] = [0x0A, 2, 0x6D, 0x65, 0x12, 2, 0x76, 0x31]
        let tag: [UInt8] = [0x72, UInt8(message.count)]
        return origin + tag + message + [0x78, 1]
    }

    @Test func `the octets of AUTH_QUERY and AUTH_RESPONSE over UDP and IPv4`() {
        let (query, response, times) = messages(isStream: false, isIPv6: false)
        let addresses: [UInt8] = [0x22, 4, 10, 0, 0, 9, 0x2A, 4, 10, 0, 0, 1, 0x30, 0xC0, 0xB8, 0x02, 0x38, 53]
        let asked = time(0x40, 0x4D, times.received)
        let first: [UInt8] = [8, 1, 0x10, 1, 0x18, 1] + addresses + asked + [0x52, 3, 1, 2, 3]
        #expect(query == whole(first))
        let answered = time(0x60, 0x6D, times.sent)
        let second: [UInt8] = [8, 2, 0x10, 1, 0x18, 1] + addresses + asked + answered + [0x72, 2, 4, 5]
        #expect(response == whole(second))
    }

    @Test func `over TCP and IPv6`() {
        let (query, _, _) = messages(isStream: true, isIPv6: true)
        let network: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11)
        let expected: [UInt8] = [8, 1, 0x10, 2, 0x18, 2, 0x22, 16] + network + [9, 0x2A, 16] + network + [1]
        #expect(Array(query[10..<10 + expected.count]) == expected)
    }
}

@Suite struct FrameStreamTests {
    private let type = Array("protobuf:dnstap.Dnstap".utf8)

    private func frame(_ content: [UInt8]) -> [UInt8] { FrameStream.number(0) + FrameStream.number(UInt32(content.count)) + content }

    @Test func `control frames`() {
        let ready: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 34, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 22]
        #expect(FrameStream.Control.ready.octets == ready + type)
        #expect(FrameStream.Control.start.octets[11] == 2)
        #expect(FrameStream.Control.stop.octets == [0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 3])
    }

    @Test func `a frame that comes octet by octet is read once it is whole, and what follows stays`() throws {
        var reader = FrameStream.ControlReader()
        let octets = FrameStream.Control.accept.octets + FrameStream.Control.finish.octets
        var frames: [(FrameStream.Control, Bool)] = []
        for (index, octet) in octets.enumerated() {
            reader.add([octet])
            while let frame = try reader.next() { frames.append((frame.control, frame.acceptsContentType)) }
            #expect(frames.count == (index < 41 ? 0 : index < 53 ? 1 : 2))
        }
        #expect(frames.map(\.0) == [.accept, .finish])
        #expect(reader.room == 520)
    }

    @Test func `a receiver accepts what it lists, or everything`() throws {
        try check([], accepts: true)
        try check([0, 0, 0, 1, 0, 0, 0, 1, 120], accepts: false)
        try check([0, 0, 0, 1, 0, 0, 0, 1, 120, 0, 0, 0, 1, 0, 0, 0, 22] + type, accepts: true)
    }

    private func check(_ fields: [UInt8], accepts: Bool) throws {
        var reader = FrameStream.ControlReader()
        reader.add(frame([0, 0, 0, 1] + fields))
        let frame = try reader.next()
        #expect(frame?.control == .accept)
        #expect(frame?.acceptsContentType == accepts)
    }

    private static let violations: [[UInt8]] = [
        [0, 0, 0, 1, 0, 0, 0, 4], [0, 0, 0, 0, 0, 0, 0, 3], [0, 0, 0, 0, 0, 0, 2, 1], [0, 0, 0, 0, 255, 255, 255, 255],
        [0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 9], [0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 1, 255, 255, 255, 255],
        [0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0],
    ]

    @Test(arguments: violations)
    func `what is no control frame is a violation`(_ octets: [UInt8]) {
        var reader = FrameStream.ControlReader()
        reader.add(octets)
        #expect(throws: FrameStream.Violation.self) { _ = try reader.next() }
    }
}

/// The sender against receivers that do what they must not.
@Suite struct DnstapSenderTests {
    /// A receiver's socket.
    private final class Receiver {
        let path = FileManager.default.temporaryDirectory.appending(path: "tap-\(UUID().uuidString.prefix(8))").path
        private let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        private var connection: Int32 = -1

        init() {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            _ = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            listen(listener, 1)
        }

        deinit {
            hangUp()
            close(listener)
            unlink(path)
        }

        func answer(_ octets: [UInt8]) {
            // Not waiting: a sender that has not connected must not hold the test up.
            if connection < 0 { connection = accept(listener, nil, nil) }
            _ = write(connection, octets, octets.count)
        }

        func hangUp() {
            if connection >= 0 { close(connection) }
            connection = -1
        }

        /// What has come, without waiting.
        func read() -> [UInt8] {
            var octets = [UInt8](repeating: 0, count: 1 << 20)
            let count = recv(connection, &octets, octets.count, Int32(MSG_DONTWAIT))
            return Array(octets.prefix(max(0, count)))
        }
    }

    private let start = ContinuousClock.now
    private let receiver = Receiver()
    private let log = LoggedMessages()

    private var sender: DnstapSender { DnstapSender(path: receiver.path, identity: "me", version: "v1", logger: log.logger, start) }

    private func add(_ count: Int, to sender: DnstapSender, responseLength: Int = 100) {
        let recorded = RecordedQueries { $0.isTapped = true }
        recorded.batch([([1, 2, 3], 0, [UInt8](repeating: 7, count: responseLength))])
        _ = recorded.tap.drain { record in for _ in 0..<count { sender.add(record) } }
    }

    @Test func `what is recorded while the receiver accepts is sent behind START, and STOP waits for FINISH`() {
        let sender = sender
        sender.step(start)
        add(1, to: sender)
        receiver.answer(FrameStream.Control.accept.octets)
        sender.step(start)
        sender.step(start)
        let octets = receiver.read()
        let greeting = FrameStream.Control.ready.octets + FrameStream.Control.start.octets
        #expect(octets.starts(with: greeting))
        #expect(octets.count > 84 + 2 * 50)
        sender.stop(start)
        #expect(receiver.read() == FrameStream.Control.stop.octets)
        sender.step(start)
        #expect(!sender.hasEnded)
        receiver.answer(FrameStream.Control.finish.octets)
        sender.step(start)
        #expect(sender.hasEnded)
        #expect(sender.dropped == 0)
    }

    private static let wrongAnswers: [[UInt8]] = [
        FrameStream.Control.finish.octets, FrameStream.Control.start.octets, [0, 0, 0, 0, 0, 0, 2, 1], [UInt8](repeating: 255, count: 4000),
        [0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 120],
    ]

    @Test(arguments: wrongAnswers)
    func `a receiver that answers wrongly is left, what waits is counted, and it is tried again after five seconds`(_ octets: [UInt8]) {
        let sender = sender
        sender.step(start)
        add(3, to: sender)
        receiver.answer(octets)
        sender.step(start)
        #expect(sender.dropped == 6)
        add(1, to: sender)
        #expect(sender.dropped == 8)
        receiver.hangUp()
        sender.step(start + .seconds(4.9))
        sender.step(start + .seconds(5))
        receiver.answer(FrameStream.Control.accept.octets)
        sender.step(start + .seconds(5))
        #expect(log.all == ["dnstap receiver cannot be served", "dnstap receiver accepts"])
        add(1, to: sender)
        #expect(sender.dropped == 8)
    }

    @Test func `a receiver that never answers is left after five seconds`() {
        let sender = sender
        sender.step(start)
        add(1, to: sender)
        sender.step(start + .seconds(4.9))
        #expect(sender.dropped == 0)
        sender.step(start + .seconds(5))
        #expect(sender.dropped == 2)
    }

    @Test func `a receiver that reads nothing costs what is beyond the room, and nothing waits for it`() {
        let sender = sender
        sender.step(start)
        receiver.answer(FrameStream.Control.accept.octets)
        sender.step(start)
        for _ in 0..<200 {
            add(1, to: sender, responseLength: 60_000)
            sender.step(start)
        }
        // The socket takes some hundred kilobytes, the sender four mebibytes.
        let dropped = sender.dropped
        #expect(50..<150 ~= dropped)
        sender.stop(start)
        sender.step(start)
        sender.giveUp()
        #expect(sender.hasEnded)
        // Each response has about 60 KB, each query nearly nothing.
        #expect(sender.dropped - dropped > 60)
    }

    @Test func `a receiver that is gone is logged once, and so is its return`() {
        let gone = DnstapSender(path: receiver.path + "x", identity: "me", version: "v1", logger: log.logger, start)
        for second in 0..<30 { gone.step(start + .seconds(second)) }
        #expect(log.all == ["dnstap receiver cannot be served"])
        gone.stop(start)
        #expect(gone.hasEnded)
    }
}
