import DNSAuthority
import IPAddressing
import Synchronization
import TestSupport
import Testing

@testable import QueryForwarding

/// The state on a clock that the tests turn, with servers that the tests play.
@Suite struct ForwardingStateTests {
    /// A test's own randomness: the same in every run.
    struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state ^ state >> 31) &* 0x9E37_79B9_7F4A_7C15
        }
    }

    private final class Replies: Sendable {
        let all = Mutex<[[UInt8]]>([])
        var texts: [PacketText] { all.withLock { $0 }.compactMap { try? PacketText($0) } }
    }

    private struct Sent {
        let id: UInt64
        let server: SocketEndpoint
        let message: [UInt8]
        let isStream: Bool
    }

    private struct Scene {
        var state: ForwardingState<Numbers>
        var now = ContinuousClock.now
        var open: [UInt64: Sent] = [:]
        var dead: [SocketEndpoint] = []
        var hasLoop = false
        let replies = Replies()
        static let servers = ["10.0.0.1:53", "10.0.0.2:53", "10.0.0.3:53"].compactMap { SocketEndpoint($0) }

        init(servers: Int = 1, limit: Int = 100, mostQuestions: Int = .max) {
            state = ForwardingState(limit: limit, mostQuestions: mostQuestions, Numbers(state: 7))
            state.use(Array(Self.servers.prefix(servers)), at: now)
        }

        /// Does what the state wishes; the queries that it sends.
        mutating func act() -> [Sent] {
            var sent: [Sent] = []
            for action in state.drain() {
                switch action {
                case .send(let id, let server, let message, let isStream):
                    sent.append(Sent(id: id, server: server, message: message, isStream: isStream))
                    open[id] = sent.last
                case .close(let id, _): open[id] = nil
                case .reply(let query, let octets): octets.withUnsafeBytes { query.reply($0) }
                case .fail(let query): query.fail()
                case .report(let server, let isDead): if isDead { dead.append(server) } else { dead.removeAll { $0 == server } }
                case .reportLoop: hasLoop = true
                }
            }
            return sent
        }

        /// A client's query, deferred as the server does it.
        mutating func ask(_ name: String, id: UInt8 = 1, client: [UInt8] = [192, 0, 2, 1], opt: [UInt8] = []) -> [Sent] {
            var query = QueryOctets.query(name, "A", opt: opt)
            query[1] = id
            return take(query, client: client)
        }

        mutating func take(_ query: [UInt8], client: [UInt8] = [192, 0, 2, 1]) -> [Sent] {
            var responder = TestResponder(seed: 1)
            _ = responder.response(to: query, over: .udp, from: ServedZones(), by: QueryPolicy(isForwarding: true))
            guard case .deferred(let deferral) = responder.outcome else { return [] }
            // Of the family AF_INET, port 0.
            let client = [2, 0, 0, 0] + client + [UInt8](repeating: 0, count: ClientAddress.length)
            let deferred = query.withUnsafeBytes { message in
                client.withUnsafeBytes { client in
                    client.baseAddress.map { address in
                        DeferredQuery(message, deferral, from: ClientAddress(address), isIPv6: false) { [replies] response in
                            let octets = Array(response)
                            replies.all.withLock { $0.append(octets) }
                        }
                    }
                }
            }
            if let deferred { state.take(deferred, at: now) }
            return act()
        }

        mutating func answer(
            _ sent: Sent, flags: [UInt8] = [0x81, 0x80], records: [UInt8] = Self.record,
            _ change: (inout [UInt8]) -> Void = { _ in }
        ) -> [Sent] {
            let end = sent.message.count - (OPT.ends(sent.message) ? OPT.length : 0)
            let count = UInt8(records.count / Self.record.count)
            var response = Array(sent.message[..<2]) + flags + [0, 1, 0, count, 0, 0, 0, OPT.ends(sent.message) ? 1 : 0]
            response += sent.message[12..<end] + records + sent.message[end...]
            change(&response)
            state.take(response, of: sent.id, at: now)
            return act()
        }

        mutating func pass(_ duration: Duration) -> [Sent] {
            now += duration
            state.pass(to: now)
            return act()
        }

        /// 192.0.2.80 for the question's name.
        static let record: [UInt8] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 80]
    }

    @Test func `a query goes out under another ID and spelling, and its response back under the client's`() throws {
        var scene = Scene()
        let sent = try #require(scene.ask("wWw.some-longer.example.COM").first)
        #expect(Array(sent.message[..<2]) != [0x12, 1])
        #expect(Array(sent.message[12...].dropLast(15)) != QueryOctets.name("wWw.some-longer.example.COM"))
        scene.now += .milliseconds(10)
        #expect(scene.answer(sent, flags: [0x85, 0xA0]).isEmpty)
        let octets = try #require(scene.replies.all.withLock { $0 }.first)
        let reply = try PacketText(octets)
        #expect(Array(octets[..<2]) == [0x12, 1])
        #expect(reply.questions == ["wWw.some-longer.example.COM. 1 A"])
        #expect(reply.answer.count == 1 && reply.edns == nil)
        // AA is the other server's, AD what it says.
        #expect(Set(reply.flags) == ["qr", "rd", "ra", "ad"])
        #expect(scene.open.isEmpty && scene.state.traffic.waiting == 0)
    }

    @Test func `lies cost nothing but themselves`() throws {
        var scene = Scene()
        let sent = try #require(scene.ask("www.example.com").first)
        let lies: [(inout [UInt8]) -> Void] = [
            { $0[0] ^= 1 }, { $0[13] = UInt8(ascii: "x") }, { $0[2] = 1 }, { $0.removeLast(12) }, { $0[7] = 9 }, { $0[5] = 0 },
            { $0 = [] }, { $0 = Array($0.prefix(11)) }, { $0.append(0) }, { $0[sent.message.count - 11] = 0xFF },
        ]
        for lie in lies {
            #expect(scene.answer(sent, lie).isEmpty)
            #expect(scene.replies.texts.isEmpty)
        }
        _ = scene.answer(sent)
        #expect(scene.replies.texts.map(\.answer.count) == [1])
    }

    @Test func `a response that is cut short, or spelled otherwise, is asked for again over TCP`() throws {
        for isCut in [true, false] {
            var scene = Scene()
            let sent = try #require(scene.ask("www.example.com").first)
            let next = scene.answer(sent, flags: [isCut ? 0x83 : 0x81, 0x80]) { if !isCut { $0[13] ^= 0x20 } }
            let stream = try #require(next.first)
            #expect(stream.isStream && stream.server == sent.server)
            _ = scene.answer(stream)
            #expect(scene.replies.texts.map(\.code) == ["NOERROR"])
            #expect(scene.open.isEmpty)
        }
    }

    @Test func `a response that is cut short over TCP, too, is passed on as cut short`() throws {
        var scene = Scene()
        let sent = try #require(scene.ask("www.example.com").first)
        let stream = try #require(scene.answer(sent, flags: [0x83, 0x80]).first)
        _ = scene.answer(stream, flags: [0x83, 0x80], records: [])
        #expect(scene.replies.texts.map { $0.flags.contains("tc") } == [true])
    }

    @Test func `equal questions are asked once, each client has its own response`() throws {
        var scene = Scene()
        let sent = scene.ask("www.example.com", id: 1)
        #expect(sent.count == 1)
        #expect(scene.ask("WWW.example.com", id: 2, opt: QueryOctets.opt()).isEmpty)
        #expect(scene.ask("www.example.com", id: 3, opt: QueryOctets.opt(do: true)).count == 1)
        _ = scene.answer(sent[0])
        let replies = scene.replies.texts
        #expect(replies.map(\.questions) == [["www.example.com. 1 A"], ["WWW.example.com. 1 A"]])
        #expect(replies.map { $0.edns == nil } == [true, false])
    }

    @Test func `a silent server is followed by the next; a late response still counts; three silences are a death`() throws {
        var scene = Scene(servers: 2)
        let first = try #require(scene.ask("www.example.com").first)
        #expect(scene.pass(.milliseconds(399)).isEmpty)
        let second = try #require(scene.pass(.milliseconds(2)).first)
        #expect(first.server != second.server)
        _ = scene.answer(first)
        #expect(scene.replies.texts.map(\.code) == ["NOERROR"])
        var count = 0
        while scene.dead.isEmpty, count < 400 {
            for sent in scene.ask("www\(count).example.com") where sent.server == second.server { _ = scene.answer(sent) }
            for sent in scene.pass(.seconds(2)) where sent.server == second.server { _ = scene.answer(sent) }
            count += 1
        }
        #expect(scene.dead == [first.server])
        let next = scene.ask("last.example.com")
        #expect(next.map(\.server) == [second.server])
        for sent in next { _ = scene.answer(sent) }
        let probe = try #require(scene.pass(.seconds(40)).first { $0.server == first.server })
        _ = scene.answer(probe, records: [])
        #expect(scene.dead.isEmpty)
    }

    @Test func `servers that refuse are passed over at once, and a client is not kept waiting for none`() throws {
        var scene = Scene(servers: 3)
        var sent = scene.ask("www.example.com")
        var count = 0
        while let one = sent.first, count < 20 {
            scene.state.fail(one.id, isLocal: false, at: scene.now)
            sent = scene.act()
            count += 1
        }
        #expect(count == 6)
        #expect(scene.replies.texts.map(\.code) == ["SERVFAIL"])
        var silent = Scene(servers: 2)
        _ = silent.ask("www.example.com")
        for _ in 0..<45 { _ = silent.pass(.milliseconds(100)) }
        #expect(silent.replies.texts.map(\.code) == ["SERVFAIL"])
        #expect(silent.state.traffic.waiting == 0)
    }

    @Test func `another server may know better than SERVFAIL; if none does, that is the response`() throws {
        var scene = Scene(servers: 2)
        let first = try #require(scene.ask("www.example.com").first)
        let second = try #require(scene.answer(first, flags: [0x81, 0x82], records: []).first)
        #expect(scene.replies.texts.isEmpty)
        _ = scene.answer(second, flags: [0x81, 0x85], records: [])
        #expect(scene.replies.texts.map(\.code) == ["REFUSED"])
    }

    @Test(arguments: [true, false])
    func `a server that does not know EDNS is asked without`(_ repeatsQuestion: Bool) throws {
        var scene = Scene()
        let first = try #require(scene.ask("www.example.com").first)
        #expect(OPT.ends(first.message))
        let again = scene.answer(first, flags: [0x81, 0x81], records: []) { response in
            response.removeLast(OPT.length)
            response[11] = 0
            if !repeatsQuestion { response = response[..<5] + [0] + response[6..<12] }
        }
        let plain = try #require(again.first)
        #expect(!OPT.ends(plain.message) && scene.replies.texts.isEmpty)
        _ = scene.answer(plain)
        #expect(scene.replies.texts.map(\.code) == ["NOERROR"])
        // The next question knows it.
        let next = try #require(scene.ask("other.example.com").first)
        #expect(!OPT.ends(next.message))
        // FORMERR to a query without EDNS is what it says.
        _ = scene.answer(next, flags: [0x81, 0x81], records: [])
        #expect(scene.replies.texts.map(\.code) == ["NOERROR", "FORMERR"])
    }

    @Test func `without servers, and beyond the most questions, queries fail at once`() {
        var none = Scene(servers: 0)
        #expect(none.ask("www.example.com").isEmpty && none.replies.texts.map(\.code) == ["SERVFAIL"])
        var few = Scene(mostQuestions: 2)
        for number in 0..<3 { _ = few.ask("www\(number).example.com") }
        #expect(few.open.count == 2 && few.replies.texts.map(\.code) == ["SERVFAIL"])
        // The same question once more needs no socket.
        #expect(few.ask("www0.example.com").isEmpty && few.replies.texts.count == 1 && few.state.traffic.waiting == 3)
    }

    @Test func `what a server says of EDNS alone is never the client's response`() throws {
        var scene = Scene()
        let sent = try #require(scene.ask("www.example.com").first)
        // BADVERS: the upper bits of the RCODE stand in the OPT record.
        let again = scene.answer(sent, records: []) { $0[$0.count - 6] = 1 }
        #expect(again.count == 1 && scene.replies.texts.isEmpty)
        _ = scene.answer(try #require(again.first), records: []) { $0[$0.count - 6] = 1 }
        #expect(scene.replies.texts.map(\.code) == ["SERVFAIL"])
    }

    @Test func `a stream that brings something else is closed`() throws {
        var scene = Scene()
        let sent = try #require(scene.ask("www.example.com").first)
        let stream = try #require(scene.answer(sent, flags: [0x83, 0x80]).first)
        #expect(stream.isStream)
        _ = scene.answer(stream) { $0[0] ^= 1 }
        #expect(scene.open[stream.id] == nil)
    }

    @Test func `one client takes half of the places, the next finds room`() {
        var scene = Scene(limit: 100)
        for number in 0..<100 { _ = scene.ask("www\(number).example.com") }
        #expect(scene.replies.texts.count == 50 && scene.state.traffic.waiting == 50)
        #expect(scene.replies.texts.allSatisfy { $0.code == "SERVFAIL" })
        #expect(scene.ask("other.example.com", client: [192, 0, 2, 2]).count == 1)
    }

    @Test func `a query that comes back from another server in another spelling is noticed at its end`() throws {
        var scene = Scene()
        let sent = try #require(scene.ask("www.example.com").first)
        let address = try #require(Scene.servers.first?.address.text).split(separator: ".").compactMap { UInt8($0) }
        #expect(scene.ask("WWW.example.com", client: address).isEmpty)
        #expect(!scene.hasLoop)
        _ = scene.pass(.seconds(5))
        #expect(scene.hasLoop && scene.replies.texts.map(\.code) == ["SERVFAIL", "SERVFAIL"])
        // One whose question is answered is no loop.
        scene = Scene()
        let other = try #require(scene.ask("www.example.com").first)
        _ = scene.ask("WWW.example.com", client: address)
        _ = scene.answer(other)
        #expect(!scene.hasLoop && scene.replies.texts.count == 2)
        #expect(sent.server == other.server)
    }

    @Test func `a query that comes back is noticed and fails`() throws {
        var scene = Scene()
        let sent = try #require(scene.ask("www.a-rather-long-example.com").first)
        var back = Array(sent.message)
        back[0] ^= 0x55
        #expect(scene.take(back, client: [10, 0, 0, 1]).isEmpty)
        #expect(scene.hasLoop && scene.replies.texts.map(\.code) == ["SERVFAIL"])
        #expect(scene.state.traffic.loops == 1)
    }

    @Test func `a response keeps to the client's size with whole records and TC`() throws {
        var scene = Scene()
        let sent = try #require(scene.ask("www.example.com").first)
        _ = scene.answer(sent, records: Array(repeating: Scene.record, count: 100).flatMap { $0 })
        let octets = try #require(scene.replies.all.withLock { $0 }.first)
        let reply = try PacketText(octets)
        #expect(octets.count <= 512 && reply.answer.count == (512 - 33) / 16 && reply.flags.contains("tc"))
    }
}
