import DNSAuthority
import DNSSecurity
import Glibc
import IPAddressing
import TestSupport
import Testing

@testable import ZoneTransfer

@Suite struct NotifierTests {
    /// A server that hears what is sent to it.
    private final class Listener {
        private let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        private var peer = sockaddr_in()
        let endpoint: SocketEndpoint

        init() throws {
            let loopback = IPAddress.v4(IPv4Address(value: 0x7F00_0001))
            endpoint = SocketEndpoint(address: loopback, port: try ClientSocket.freePort())
            var limit = timeval(tv_sec: 30, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            let address = try #require(SocketAddress(endpoint))
            guard address.withPointer({ bind(descriptor, $0, $1) }) == 0 else { throw ClientSocket.Failure() }
        }

        deinit { close(descriptor) }

        /// The next message; answers go to its sender.
        func receive() throws -> [UInt8] {
            var octets = [UInt8](repeating: 0, count: 1024)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(descriptor, &octets, octets.count, 0, $0, &length) }
            }
            guard count >= 0 else { throw ClientSocket.Failure() }
            return Array(octets.prefix(count))
        }

        func answer(_ octets: [UInt8]) {
            _ = withUnsafePointer(to: peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor, octets, octets.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }

    private let zones = ServedZones([ServedZone(HandmadeZone.zone(), .current)])

    @Test func `a server hears of a zone that was there before, and of one that comes`() async throws {
        let listener = try Listener()
        let notifier = Notifier(LoggedMessages().logger)
        notifier.take(zones)
        let task = Task { try await notifier.run() }
        defer { task.cancel() }
        notifier.use(NotifyPolicy(usual: [NotifyTarget(listener.endpoint)]))
        let message = try listener.receive()
        #expect(Array(message.dropFirst(12).prefix(11)) == HandmadeZone.name("").octets)
        var other = ZoneBuilder(origin: .root, seed: 1)
        let soa = StartOfAuthority(primary: .root, mailbox: .root, serial: 9, refresh: 1, retry: 1, expire: 1, minimum: 1)
        notifier.take(ServedZones(zones.all + [ServedZone(other.build(soa, ttl: 1), .current)]))
        #expect(try listener.receive()[12] == 0)
    }

    @Test func `a server with a key gets signed messages, and its answer counts only if it is signed`() async throws {
        let listener = try Listener()
        let log = LoggedMessages()
        let notifier = Notifier(log.logger)
        let key = TransactionKey(name: [1, 107, 0], algorithm: .sha256, secret: Array("secret".utf8))
        notifier.take(zones)
        notifier.use(NotifyPolicy(usual: [NotifyTarget(listener.endpoint, key: key)]))
        let task = Task { try await notifier.run() }
        defer { task.cancel() }
        let now = UInt64(clamping: time(nil))
        guard case .verified(let request) = RequestVerification(try listener.receive(), keys: [key], at: now) else {
            Issue.record("not signed")
            return
        }
        var response = request.content
        response[2] |= 0x80
        listener.answer(response)
        var other = Signer(key: key)
        var unrelated = response
        other.sign(&unrelated, at: now)
        listener.answer(unrelated)
        // Were one of the others taken for the answer, this error would not be.
        response[3] = 5
        var signer = request.signer
        signer.sign(&response, at: now)
        listener.answer(response)
        try await waitUntil("the answer counts") { notifier.failures == 1 }
        #expect(notifier.sent == 1)
        #expect(log.all == ["a server does not want to be notified of a zone"])
    }
}
