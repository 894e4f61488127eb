import DNSAuthority
import IPAddressing
import TestSupport
import Testing

@testable import ZoneTransfer

/// When servers hear of which versions of zones (RFC 1996), by a clock that the test turns.
@Suite struct NotifyStateTests {
    private typealias State = NotifyState<Numbers>

    /// A state with what it has sent and reported.
    private struct Clocked {
        var state = State(Numbers(state: 1))
        var now = ContinuousClock.now
        let start = ContinuousClock.now
        /// The messages that were sent since the last look: which serial whom.
        var sent: [(message: [UInt8], to: State.Destination)] = []
        var reports: [String] = []

        /// The serials that were sent since the last look, with the servers' ports.
        mutating func takeSent() -> [String] {
            defer { sent = [] }
            return sent.map { "\($0.to.origin.text) \(Clocked.serial($0.message)) \($0.to.target.endpoint.port)" }
        }

        private static func serial(_ message: [UInt8]) -> UInt32 {
            message.dropLast(16).suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
        }

        /// Lets time pass, each millisecond in which something is due.
        mutating func pass(_ duration: Duration) {
            let end = now + duration
            act()
            while let next = state.nextDeadline, next <= end {
                now = max(now, next)
                state.pass(to: now)
                act()
            }
            now = end
        }

        mutating func act() {
            for action in state.drain() {
                switch action {
                case .send(let message, let destination): sent.append((message, destination))
                case .report(let endpoint, let isSilent): reports.append("\(endpoint.port) \(isSilent ? "silent" : "back")")
                case .reportRefusal(let destination, let code): reports.append("\(destination.target.endpoint.port) refuses \(code)")
                }
            }
        }

        /// Answers what was sent last, as the server that it was sent to.
        mutating func acknowledge(code: UInt8 = 0) {
            guard let (message, destination) = sent.last else { return }
            let octets = NotifyStateTests.response(to: message, code: code)
            guard let found = state.destination(ofResponse: octets, from: destination.target.endpoint) else { return }
            state.acknowledge(found, with: octets)
            act()
        }
    }

    private static func response(to message: [UInt8], code: UInt8 = 0) -> [UInt8] {
        var octets = Array(message.prefix(12))
        (octets[2], octets[3], octets[7]) = (octets[2] | 0x80, code, 0)
        return octets + message.dropFirst(12).prefix { $0 != 0 } + [0, 0, 6, 0, 1]
    }

    private let origin = DomainName(text: "svc.local") ?? .root

    private func target(_ port: UInt16) throws -> NotifyTarget {
        NotifyTarget(SocketEndpoint(address: try #require(IPAddress("192.0.2.1")), port: port))
    }

    private static func version(_ serial: UInt32, of origin: DomainName) -> NotifyVersion? {
        var builder = ZoneBuilder(origin: origin, seed: 1)
        let soa = StartOfAuthority(primary: origin, mailbox: origin, serial: serial, refresh: 1, retry: 1, expire: 1, minimum: 1)
        return NotifyVersion(of: builder.build(soa, ttl: 1))
    }

    private func publish(_ serial: UInt32, to clocked: inout Clocked) {
        clocked.state.take([origin: Self.version(serial, of: origin)], at: clocked.now)
        clocked.pass(.zero)
    }

    /// A state with these servers, which have heard of serial 1 and acknowledged.
    private func settled(_ ports: [UInt16] = [1], delay: Duration = .seconds(1)) throws -> Clocked {
        var clocked = Clocked()
        clocked.state.use(NotifyPolicy(delay: delay, usual: try ports.map(target)), at: clocked.now)
        publish(1, to: &clocked)
        for port in ports {
            clocked.acknowledge()
            #expect(clocked.takeSent() == ["svc.local. 1 \(port)"])
            clocked.pass(.milliseconds(50))
        }
        return clocked
    }

    @Test func `the message has the zone's question and its SOA in an authoritative answer`() throws {
        var clocked = Clocked()
        clocked.state.use(NotifyPolicy(usual: [try target(1)]), at: clocked.now)
        publish(77, to: &clocked)
        let message = try #require(clocked.sent.first?.message)
        #expect(message[2...11] == [0x24, 0, 0, 1, 0, 1, 0, 0, 0, 0])
        #expect(Array(message[12..<27]) == origin.octets + [0, 6, 0, 1])
        #expect(Array(message[27..<39]) == [0xC0, 0x0C, 0, 6, 0, 1, 0, 0, 0, 1, 0, 42])
        #expect(clocked.takeSent() == ["svc.local. 77 1"])
        // Labels of 63 octets: with the SOA there would be more than 512.
        let long = try #require(DomainName(text: (0..<3).map { _ in String(repeating: "a", count: 63) }.joined(separator: ".")))
        let version = try #require(Self.version(5, of: long))
        #expect(NotifyMessage.request(1, for: long, version) == [0, 1, 0x24, 0, 0, 1, 0, 0, 0, 0, 0, 0] + long.octets + [0, 6, 0, 1])
    }

    @Test func `the first change after quiet is sent at once, further ones together, and the last one always`() throws {
        var clocked = try settled()
        clocked.pass(.seconds(5))
        clocked.sent = []
        publish(2, to: &clocked)
        #expect(clocked.takeSent() == ["svc.local. 2 1"])
        for serial in 3...11 as ClosedRange<UInt32> {
            clocked.pass(.milliseconds(100))
            publish(serial, to: &clocked)
        }
        #expect(clocked.takeSent() == [])
        clocked.pass(.milliseconds(99))
        #expect(clocked.takeSent() == [])
        clocked.pass(.milliseconds(1))
        #expect(clocked.takeSent() == ["svc.local. 11 1"])
        publish(11, to: &clocked)
        clocked.sent.removeAll()
        clocked.pass(.seconds(1))
        #expect(clocked.takeSent() == [])
    }

    @Test func `without a delay each change is sent at once`() throws {
        var clocked = try settled(delay: .zero)
        for serial in 2...5 as ClosedRange<UInt32> {
            publish(serial, to: &clocked)
            #expect(clocked.takeSent() == ["svc.local. \(serial) 1"])
        }
    }

    @Test func `what is not acknowledged is sent again and again, after pauses of up to 64 s, and reported once`() throws {
        var clocked = Clocked()
        clocked.state.use(NotifyPolicy(usual: [try target(1)]), at: clocked.now)
        publish(1, to: &clocked)
        let first = try #require(clocked.sent.first?.message)
        #expect(clocked.takeSent().count == 1)
        for pause in [2, 4, 8, 16, 32] {
            clocked.pass(.seconds(pause) - .milliseconds(1))
            #expect(clocked.sent.isEmpty)
            clocked.pass(.milliseconds(1))
            #expect(clocked.sent.map(\.message) == [first])
            clocked.sent = []
        }
        #expect(clocked.reports == [])
        for failures in 1...3 {
            clocked.pass(.seconds(64) - .milliseconds(1))
            #expect(clocked.sent.isEmpty)
            clocked.pass(.milliseconds(1))
            #expect(clocked.sent.map(\.message) == [first] && clocked.reports == ["1 silent"] && clocked.state.failures == failures)
            clocked.sent = []
        }
        publish(3, to: &clocked)
        clocked.acknowledge()
        #expect(clocked.reports == ["1 silent", "1 back"])
        clocked.sent = []
        clocked.pass(.seconds(1000))
        #expect(clocked.sent.isEmpty && clocked.state.failures == 3 && clocked.state.nextDeadline == nil)
    }

    @Test func `a newer version takes the place of one that is not acknowledged, and silence is reported all the same`() throws {
        var clocked = Clocked()
        clocked.state.use(NotifyPolicy(usual: [try target(1)]), at: clocked.now)
        var earlier: [UInt8] = []
        for serial in 1...130 as ClosedRange<UInt32> {
            publish(serial, to: &clocked)
            let message = try #require(clocked.sent.last)
            #expect(clocked.takeSent().last == "svc.local. \(serial) 1")
            clocked.pass(.seconds(1))
            #expect(clocked.sent.isEmpty)
            if serial > 1 {
                // The answer to an earlier one is no answer.
                let late = Self.response(to: earlier)
                #expect(clocked.state.destination(ofResponse: late, from: message.to.target.endpoint) == nil)
            }
            earlier = message.message
        }
        #expect(clocked.reports == ["1 silent"] && clocked.state.failures == 1)
    }

    @Test func `responses with another ID, from elsewhere, or that are none do not count`() throws {
        var clocked = Clocked()
        clocked.state.use(NotifyPolicy(usual: [try target(1)]), at: clocked.now)
        publish(1, to: &clocked)
        let (message, destination) = try #require(clocked.sent.last)
        let endpoint = destination.target.endpoint
        let response = Self.response(to: message)
        func isNone(_ octets: [UInt8], _ endpoint: SocketEndpoint) -> Bool {
            clocked.state.destination(ofResponse: octets, from: endpoint) == nil
        }
        #expect(!isNone(response, endpoint))
        #expect(isNone(response, SocketEndpoint(address: endpoint.address, port: 2)))
        #expect(isNone(response, SocketEndpoint(address: try #require(IPAddress("192.0.2.2")), port: 1)))
        for length in 0..<12 { #expect(isNone(Array(response.prefix(length)), endpoint)) }
        for bit in 0..<(response.count * 8) {
            var flipped = response
            flipped[bit / 8] ^= 1 << (bit % 8)
            // The ID, QR and the opcode tell a response; of the rest the RCODE is read.
            let tells = bit < 16 || (16..<24).contains(bit) && 1 << (bit % 8) & 0xF8 != 0
            #expect(isNone(flipped, endpoint) == tells, "bit \(bit)")
        }
        clocked.acknowledge()
        clocked.sent = []
        clocked.pass(.seconds(1000))
        #expect(clocked.sent.isEmpty && clocked.reports == [])
    }

    @Test func `an error acknowledges, is counted, and is reported once until there is none`() throws {
        var clocked = Clocked()
        clocked.state.use(NotifyPolicy(usual: [try target(1)]), at: clocked.now)
        for (serial, code) in [9, 9, 0, 5].enumerated() {
            publish(UInt32(serial), to: &clocked)
            clocked.acknowledge(code: UInt8(code))
            clocked.sent = []
            clocked.pass(.seconds(1000))
            #expect(clocked.sent.isEmpty)
        }
        #expect(clocked.reports == ["1 refuses 9", "1 refuses 5"] && clocked.state.failures == 3)
    }

    @Test func `at the start and after a reload that adds servers, messages go out twenty a second, and to the new ones alone`() throws {
        var clocked = Clocked()
        let names = (0..<100).compactMap { DomainName(text: "z\($0).local") }
        clocked.state.use(NotifyPolicy(usual: [try target(1)]), at: clocked.now)
        clocked.state.take(Dictionary(uniqueKeysWithValues: names.map { ($0, Self.version(1, of: $0)) }), at: clocked.now)
        clocked.pass(.milliseconds(999))
        #expect(Set(clocked.sent.map(\.to.origin)).count == 20)
        clocked.pass(.milliseconds(3950))
        #expect(Set(clocked.sent.map(\.to.origin)).count == 99)
        clocked.pass(.milliseconds(1))
        #expect(Set(clocked.sent.map(\.to.origin)) == Set(names))
        // What was not acknowledged goes on, but not to a server that is none any more.
        let other = names[7]
        clocked.state.use(NotifyPolicy(usual: [try target(2)], own: [other: [try target(1)]]), at: clocked.now)
        clocked.sent = []
        clocked.pass(.seconds(5))
        let sent = clocked.sent.map(\.to)
        #expect(sent.filter { $0.target.endpoint.port == 1 }.allSatisfy { $0.origin == other })
        #expect(Set(sent.filter { $0.target.endpoint.port == 2 }.map(\.origin)) == Set(names).subtracting([other]))
    }

    @Test func `a zone that is gone is sent no more, and is a new one when it comes again`() throws {
        var clocked = Clocked()
        clocked.state.use(NotifyPolicy(usual: [try target(1)]), at: clocked.now)
        publish(5, to: &clocked)
        clocked.sent = []
        clocked.state.take([origin: nil], at: clocked.now)
        clocked.pass(.seconds(1000))
        #expect(clocked.sent.isEmpty)
        publish(5, to: &clocked)
        #expect(clocked.takeSent() == ["svc.local. 5 1"])
    }
}
