import DNSAuthority
import DNSTransport
import Foundation
import IPAddressing
import TestSupport
import Testing

/// A server whose process can have no more descriptors. They are the whole process's: no other test runs at the same time.
@Suite(.serialized) struct AcceptPauseTests {
    @Test func `a connection that cannot be accepted costs no processor time, and is answered when it can be`() async throws {
        let endpoint = try #require(SocketEndpoint("127.0.0.1:\(ClientSocket.freePort())"))
        let server = try await DNSServer(listen: [endpoint], workers: 1, udpLimit: 1232, zones: TestRegistry().zones)
        let task = Task { try await server.run() }
        let client = try ClientSocket(endpoint, isStream: true)
        // The first is accepted before the descriptors run out.
        try client.send(QueryOctets.query("svc.local", "SOA"))
        #expect(try PacketText(client.receive()).code == "NOERROR")
        let before = Self.busy()
        let other = try withoutDescriptors(spare: 1) {
            let other = try ClientSocket(endpoint, isStream: true)
            try other.send(QueryOctets.query("svc.local", "SOA"))
            usleep(500_000)
            return other
        }
        // Of half a second. A loop that spins has the processor, or waits for it, all the time.
        #expect(Self.busy() - before < 250_000_000)
        #expect(try PacketText(other.receive()).code == "NOERROR")
        task.cancel()
        try await task.value
    }

    /// Runs a function while the process can have `spare` more descriptors than now.
    private func withoutDescriptors<Result>(spare: Int, _ body: () throws -> Result) throws -> Result {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var lowered = limit
        let highest = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init).max() ?? 0
        // What lies between those in use is taken: the limit is on their numbers.
        var taken: [Int32] = []
        while taken.last ?? 0 <= highest { taken.append(dup(0)) }
        lowered.rlim_cur = rlim_t(taken.last ?? 0) + 1
        for descriptor in taken.suffix(spare) { close(descriptor) }
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &lowered)
        defer {
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            for descriptor in taken.dropLast(spare) { close(descriptor) }
        }
        return try body()
    }

    /// For how long any of SwiftNIO's threads has run or waited for a processor, in nanoseconds.
    private static func busy() -> Int {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return threads.reduce(0) { sum, thread in
            func text(_ file: String) -> String {
                (try? String(contentsOfFile: "/proc/self/task/\(thread)/\(file)", encoding: .utf8)) ?? ""
            }
            return text("comm").hasPrefix("NIO")
                ? sum + text("schedstat").split(separator: " ").prefix(2).compactMap { Int($0) }.reduce(0, +) : sum
        }
    }
}
