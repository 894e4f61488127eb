import Foundation
import IPAddressing
import Synchronization

/// A name server on a free port of this machine that does what a test says. TCP connections come about, but are never answered.
package final class FakeNameServer: Sendable {
    /// What is said to a question.
    package enum Answer: Sendable {
        /// Nothing at all.
        case silence
        /// A response code with records of the asked type, each as its data.
        case records([[UInt8]], code: Int = 0, ttl: Int = 60)
        /// An alias of a name, which has one record of the asked type.
        case alias(String, [UInt8])
        /// That the response is too long for UDP.
        case truncated
    }

    /// What has come.
    package struct Asked: Sendable {
        /// The name, with a dot behind each label.
        package let name: String
        /// 1 or 28.
        package let type: Int
        /// The port that it came from.
        package let port: UInt16
    }

    /// Where it answers.
    package let endpoint: SocketEndpoint
    private let datagrams: Int32
    private let streams: Int32
    private let log = Mutex<[Asked]>([])

    /// Starts it.
    package convenience init(_ answer: @escaping @Sendable (Asked) -> Answer) throws {
        try self.init { query, port, note in
            let question = Self.question(query, port)
            note(question.asked)
            return Self.response(answer(question.asked), to: Array(query[..<question.end]), question.asked.type)
        }
    }

    /// Starts one that answers the octets of a datagram with octets, or with nothing. It notes no questions.
    package convenience init(replies: @escaping @Sendable ([UInt8]) -> [UInt8]?) throws {
        try self.init { query, _, _ in replies(query) }
    }

    private init(_ reply: @escaping @Sendable ([UInt8], UInt16, _ note: (Asked) -> Void) -> [UInt8]?) throws {
        let port = try ClientSocket.freePort()
        endpoint = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: port)
        datagrams = Self.bound(SOCK_DGRAM, port)
        streams = Self.bound(SOCK_STREAM, port)
        guard datagrams >= 0, streams >= 0, listen(streams, 128) == 0 else { throw ClientSocket.Failure() }
        var octets: Int32 = 4 << 20
        setsockopt(datagrams, SOL_SOCKET, SO_RCVBUF, &octets, socklen_t(MemoryLayout<Int32>.size))
        let descriptor = datagrams
        let note: @Sendable (Asked) -> Void = { [weak self] asked in self?.log.withLock { $0.append(asked) } }
        Thread { Self.serve(descriptor) { reply($0, $1, note) } }.start()
    }

    deinit { close(streams) }

    /// Ends its thread.
    package func stop() { shutdown(datagrams, Int32(SHUT_RDWR)) }

    /// All questions so far.
    package var asked: [Asked] { log.withLock { $0 } }

    private static func bound(_ type: __socket_type, _ port: UInt16) -> Int32 {
        let descriptor = socket(AF_INET, Int32(type.rawValue), 0)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isBound = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    private static func serve(_ descriptor: Int32, _ reply: ([UInt8], UInt16) -> [UInt8]?) {
        defer { close(descriptor) }
        var octets = [UInt8](repeating: 0, count: 4096)
        while true {
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(descriptor, &octets, octets.count, 0, $0, &length) }
            }
            guard count > 12 else { return }
            guard let response = reply(Array(octets.prefix(count)), UInt16(bigEndian: address.sin_port)) else { continue }
            _ = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(descriptor, response, response.count, 0, $0, length) }
            }
        }
    }

    /// The question of a query, and where it ends.
    private static func question(_ query: [UInt8], _ port: UInt16) -> (asked: Asked, end: Int) {
        var end = 12
        var name = ""
        while query[end] != 0 {
            let label = query[end + 1..<end + 1 + Int(query[end])]
            name += String(decoding: label, as: UTF8.self) + "."
            end += 1 + label.count
        }
        return (Asked(name: name, type: Int(query[end + 2]), port: port), end + 5)
    }

    private static func response(_ answer: Answer, to query: [UInt8], _ type: Int) -> [UInt8]? {
        let question = Array(query[12...])
        switch answer {
        case .silence: return nil
        case .alias(let target, let data):
            let name = QueryOctets.name(target)
            var octets: [UInt8] = Array(query[..<2]) + [0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0]
            octets += question
            octets += [0xC0, 0x0C, 0, 5, 0, 1, 0, 0, 0, 60]
            octets += QueryOctets.number(name.count) + name + name
            octets += QueryOctets.number(type) + [0, 1, 0, 0, 0, 60]
            return octets + QueryOctets.number(data.count) + data
        case .truncated: return Array(query[..<2]) + [0x83, 0x80] + [0, 1, 0, 0, 0, 0, 0, 0] + question
        case .records(let records, let code, let ttl):
            var octets = Array(query[..<2]) + [0x81, 0x80 | UInt8(code), 0, 1]
            octets += QueryOctets.number(records.count) + [0, 0, 0, 0] + question
            for data in records {
                octets += [0xC0, 0x0C] + QueryOctets.number(type) + [0, 1, 0, 0]
                octets += QueryOctets.number(ttl) + QueryOctets.number(data.count) + data
            }
            return octets
        }
    }
}
