import Glibc
import IPAddressing
import TestSupport
import Testing

@testable import QueryForwarding

/// Real sockets, and a server that the tests play.
@Suite struct SocketPoolTests {
    private static let answer: [UInt8] = [4, 5]
    private let server: Int32
    private let endpoint: SocketEndpoint
    private let pool = SocketPool(mostIdle: 256)

    init() throws {
        let port = try ClientSocket.freePort()
        endpoint = try #require(SocketEndpoint("127.0.0.1:\(port)"))
        let address = try #require(SocketAddress(endpoint))
        server = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        try #require(address.withPointer { bind(server, $0, $1) } == 0)
    }

    /// Sends so many queries at once and answers them; the ports that they came from, and the queries that heard.
    private func round(_ ids: Range<UInt64>, at now: ContinuousClock.Instant) throws -> (ports: [UInt16], heard: Int) {
        for id in ids { try pool.send(id, to: endpoint, [1, 2, 3], isStream: false, at: now) }
        var ports: [UInt16] = []
        for _ in ids {
            var (octets, client, length) = ([UInt8](repeating: 0, count: 64), sockaddr_in(), socklen_t(MemoryLayout<sockaddr_in>.size))
            withUnsafeMutablePointer(to: &client) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    if recvfrom(server, &octets, octets.count, 0, address, &length) > 0 {
                        ports.append(UInt16(bigEndian: pointer.pointee.sin_port))
                        sendto(server, Self.answer, Self.answer.count, 0, address, length)
                    }
                }
            }
        }
        return (ports, hear(ids, at: now))
    }

    private func hear(_ ids: Range<UInt64>, at now: ContinuousClock.Instant) -> Int {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
        defer { memory.deallocate() }
        var heard = 0
        for id in pool.wait(1000) {
            guard case .message(let octets) = pool.proceed(id, memory) else { continue }
            if octets == Self.answer { heard += 1 }
            pool.end(id, hasServed: true, at: now)
        }
        return heard
    }

    @Test func `few that wait do not serve again`() throws {
        defer { close(server) }
        var ports: Set<UInt16> = []
        for id in UInt64(1)...60 {
            let (new, heard) = try round(id..<id + 1, at: .now)
            #expect(heard == 1)
            ports.formUnion(new)
        }
        #expect(ports.count == 60)
    }

    @Test func `one of many is drawn, another each time, and goes when its time is over`() throws {
        defer { close(server) }
        let now = ContinuousClock.now
        let (first, heard) = try round(1..<101, at: now)
        #expect(heard == 100 && Set(first).count == 100)
        var drawn: [UInt16] = []
        for id in UInt64(200)..<230 {
            let (ports, heard) = try round(id..<id + 1, at: now)
            #expect(heard == 1)
            drawn += ports
        }
        #expect(Set(drawn).isSubset(of: first))
        #expect(Set(drawn).count > 10)
        // The system may give a new socket the port of one that was closed, but not to all of five.
        let (late, _) = try round(250..<255, at: now + .seconds(3))
        #expect(!Set(late).isSubset(of: first))
        pool.sweep(at: now + .seconds(3))
        let (ports, again) = try round(300..<305, at: now + .seconds(3))
        #expect(again == 5)
        #expect(!Set(ports).isSubset(of: first))
        #expect(pool.nextDeadline != nil)
    }

    @Test func `what comes to a socket that waits closes it and is no query's`() throws {
        defer { close(server) }
        let now = ContinuousClock.now
        let (ports, _) = try round(1..<101, at: now)
        for port in ports {
            let address = try #require(SocketAddress(SocketEndpoint("127.0.0.1:\(port)") ?? endpoint))
            let sent = address.withPointer { sendto(server, [9], 1, 0, $0, $1) }
            #expect(sent == 1)
        }
        #expect(hear(1..<101, at: now) == 0)
        let (new, heard) = try round(200..<201, at: now)
        #expect(heard == 1)
        #expect(Set(ports).isDisjoint(with: new))
    }

    @Test func `a query that had no response leaves no socket`() throws {
        defer { close(server) }
        let now = ContinuousClock.now
        for id in UInt64(1)...100 {
            try pool.send(id, to: endpoint, [1], isStream: false, at: now)
            pool.end(id, hasServed: false, at: now)
        }
        #expect(pool.nextDeadline == nil)
    }
}
