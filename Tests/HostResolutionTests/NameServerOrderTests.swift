import IPAddressing
import Testing

@testable import HostResolution

@Suite struct NameServerOrderTests {
    private let now = ContinuousClock.now
    private let servers = (1...3).map { SocketEndpoint(address: .v4(IPv4Address(value: $0)), port: 53) }

    private func silenced(_ server: Int) -> NameServerOrder {
        var order = NameServerOrder()
        for _ in 0..<NameServerOrder.mostUnanswered { order.note(servers[server], isSilent: true, at: now) }
        return order
    }

    @Test func `a silent name server comes last until its pause is over, and longer each time`() {
        var order = silenced(0)
        var instant = now
        for pause in [1, 2, 4, 8, 16, 32, 32] {
            #expect(
                order.order(of: servers, rotating: false, at: instant + .seconds(pause) - .milliseconds(1)) == [
                    servers[1], servers[2], servers[0],
                ])
            instant += .seconds(pause)
            // One look-up tries it, the others go on without.
            #expect(order.order(of: servers, rotating: false, at: instant) == servers)
            #expect(order.order(of: servers, rotating: false, at: instant) == [servers[1], servers[2], servers[0]])
            order.note(servers[0], isSilent: true, at: instant)
        }
    }

    @Test func `one answer, and it has its place again; few silences may be the names' own fault`() {
        var order = silenced(0)
        order.note(servers[0], isSilent: false, at: now)
        #expect(order.order(of: servers, rotating: false, at: now) == servers)
        for _ in 1..<NameServerOrder.mostUnanswered { order.note(servers[0], isSilent: true, at: now) }
        #expect(order.order(of: servers, rotating: false, at: now) == servers)
    }

    @Test func `rotating begins with each in turn`() {
        var order = NameServerOrder()
        let firsts = (0..<6).compactMap { _ in order.order(of: servers, rotating: true, at: now).first }
        #expect(Set(firsts) == Set(servers))
        #expect(order.order(of: [], rotating: true, at: now) == [])
    }
}
