import Glibc
import TestSupport

@testable import QueryLogging
@testable import QueryTap

/// A thread's side of a tap, and what comes out at the other.
final class RecordedQueries {
    let tap = QueryTap(threads: 1)
    let ring: QueryRing
    private var recorder: QueryRecorder
    private let client: [UInt8]
    private let local: [UInt8]

    /// Records in the ring, copied out of it.
    struct Copy: Equatable {
        let purposes: QueryPurposes
        let code: UInt16?
        let query: [UInt8]
        let response: [UInt8]
    }

    /// `interest`: for what queries are recorded.
    init(isStream: Bool = false, isIPv6: Bool = false, longestResponse: Int = 65_535, _ interest: (inout QueryInterest) -> Void) {
        ring = tap.makeRing()
        recorder = QueryRecorder(ring, isStream: isStream, longestResponse: longestResponse)
        client = Self.address(isIPv6, port: 40_000, last: 9)
        local = Self.address(isIPv6, port: 53, last: 1)
        var wanted = QueryInterest()
        interest(&wanted)
        tap.interest = wanted
    }

    /// 10.0.0.`last` or 2001:db8::`last` as a socket address.
    private static func address(_ isIPv6: Bool, port: Int, last: UInt8) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: 28)
        octets[0] = UInt8(isIPv6 ? AF_INET6 : AF_INET)
        octets.replaceSubrange(2..<4, with: QueryOctets.number(port))
        if isIPv6 { octets.replaceSubrange(8..<12, with: [0x20, 0x01, 0x0D, 0xB8]) } else { octets[4] = 10 }
        octets[isIPv6 ? 23 : 7] = last
        return octets
    }

    /// Whether a batch of queries may be recorded, each with its RCODE, or nil for silence, and its response. Returns how many were kept.
    @discardableResult
    func batch(_ exchanges: [(query: [UInt8], code: UInt16?, response: [UInt8])]) -> Int {
        var kept = 0
        recorder.begin()
        for exchange in exchanges where recorder.isOn {
            guard exchange.query.withUnsafeBytes({ query in query.baseAddress.map { recorder.keep($0, length: query.count) } ?? false })
            else { continue }
            kept += 1
            exchange.response.withUnsafeBytes { response in
                client.withUnsafeBytes { client in
                    local.withUnsafeBytes { local in
                        guard let client = client.baseAddress, let local = local.baseAddress else { return }
                        recorder.record(exchange.code, response.baseAddress ?? local, length: response.count, from: client, to: local)
                    }
                }
            }
        }
        recorder.end()
        return kept
    }

    /// Everything that has come out since the last time.
    func drain() -> [Copy] {
        var copies: [Copy] = []
        _ = tap.drain {
            copies.append(Copy(purposes: $0.purposes, code: $0.code, query: Array($0.query), response: Array($0.response)))
        }
        return copies
    }
}

/// A response without records: the query's first octets, QR and flags, the RCODE, as many answers as the count says.
func response(_ query: [UInt8], flags: Int = 0x8500, code: Int = 0, answers: Int = 0) -> [UInt8] {
    var octets = query
    octets.replaceSubrange(2..<4, with: QueryOctets.number(flags | code))
    octets.replaceSubrange(6..<8, with: QueryOctets.number(answers))
    return octets
}
