import DNSAuthority
import Synchronization

/// What a server's workers have counted, added up: queries and their responses since its start.
package struct Traffic: Sendable {
    /// What the origin of a zone is called that queries were counted for.
    package enum ZoneKey: Hashable, Sendable {
        /// No zone: the name lies in none, or the message cannot be read.
        case none
        case zone(DomainName)
        /// Zones beyond those that are counted apart.
        case further
    }

    /// One way in which queries come.
    package struct Way: Hashable, Sendable {
        package let transport: Transport
        package let isIPv6: Bool
    }

    /// Messages by their sizes: how many have at most so many octets as each of `SizeBuckets.bounds`, in all, and their octets.
    package struct Sizes: Sendable {
        package var buckets = [UInt64](repeating: 0, count: SizeBuckets.bounds.count + 1)
        package var octets: UInt64 = 0
    }

    /// What was counted of a zone.
    package struct ZoneCounts: Sendable {
        /// Queries by the way and the column of their type: `CountedType.names`.
        package var queries: [Way: [UInt64]] = [:]
        /// Responses by `ResponseCode.index`.
        package var responses = [UInt64](repeating: 0, count: ResponseCode.allCases.count)
        package var truncated: UInt64 = 0
        package var querySizes: [Transport: Sizes] = [:]
        package var responseSizes: [Transport: Sizes] = [:]
    }

    package internal(set) var zones: [ZoneKey: ZoneCounts] = [:]
    /// Messages without a response.
    package internal(set) var silent: [Transport: UInt64] = [:]
    /// Sampled times from the arrival of queries to their responses, by `DurationBuckets`, and their nanoseconds.
    package internal(set) var durations: [Transport: (buckets: [UInt64], nanoseconds: UInt64)] = [:]
    package internal(set) var connections = Connections()
    package internal(set) var guards = Guards()

    /// What was done against clients that forge their addresses.
    package struct Guards: Equatable, Sendable {
        /// Responses beyond the rate limit: not sent, or sent without records. With a dry run both were sent whole.
        package var dropped: UInt64 = 0
        package var cut: UInt64 = 0
        /// Cookies: the client's alone; with a server cookie that was valid; with one that was not.
        package var newCookies: UInt64 = 0
        package var validCookies: UInt64 = 0
        package var invalidCookies: UInt64 = 0
    }

    /// TCP connections.
    package struct Connections: Sendable {
        /// Now.
        package var open = 0
        /// Since the start.
        package var accepted = 0
        /// Closed because there were too many.
        package var evicted = 0
    }

    /// Adds tallies up. O(their words).
    init(_ udp: [Tally], _ tcp: TCPCounters, _ origins: [DomainName]) {
        let tallies = udp + [tcp.ipv4, tcp.ipv6]
        let keys = [ZoneKey.none] + origins.map(ZoneKey.zone)
        for tally in tallies {
            for (number, key) in keys.enumerated() { add(tally, tally.block(number), to: key) }
            if keys.count == ZoneNumbers.most - 1 { add(tally, tally.block(ZoneNumbers.most - 1), to: .further) }
            silent[tally.transport, default: 0] += tally.common.value(Tally.Common.silent)
            var (buckets, nanoseconds) = durations[tally.transport] ?? ([UInt64](repeating: 0, count: DurationBuckets.count + 1), 0)
            for index in buckets.indices { buckets[index] += tally.common.value(Tally.Common.durations + index) }
            nanoseconds += tally.common.value(Tally.Common.nanoseconds)
            durations[tally.transport] = (buckets, nanoseconds)
            guards.add(tally.common)
        }
        connections.open = tcp.open.load(ordering: .relaxed)
        connections.accepted = tcp.accepted.load(ordering: .relaxed)
        connections.evicted = tcp.evicted.load(ordering: .relaxed)
    }

    private mutating func add(_ tally: Tally, _ block: UnsafeMutablePointer<Tally.Count>, to key: ZoneKey) {
        typealias Layout = Tally.Layout
        var counts = zones[key] ?? ZoneCounts()
        let way = Way(transport: tally.transport, isIPv6: tally.isIPv6)
        var queries = counts.queries[way] ?? [UInt64](repeating: 0, count: CountedType.names.count)
        for row in 0..<Layout.rows {
            let column = CountedType.column(ofRow: row)
            for code in counts.responses.indices {
                let count = block.value(row * Layout.codes + code)
                queries[column] += count
                counts.responses[code] += count
            }
        }
        counts.queries[way] = queries
        counts.truncated += block.value(Layout.truncated)
        counts.querySizes[tally.transport, default: Sizes()].add(block, Layout.queries, Layout.longQueries)
        counts.responseSizes[tally.transport, default: Sizes()].add(block, Layout.responses, Layout.longResponses)
        zones[key] = counts
    }
}

extension Traffic.Guards {
    fileprivate mutating func add(_ common: UnsafeMutablePointer<Tally.Count>) {
        dropped += common.value(Tally.Common.overLimitDropped)
        cut += common.value(Tally.Common.overLimitCut)
        newCookies += common.value(Tally.Common.newCookies)
        validCookies += common.value(Tally.Common.validCookies)
        invalidCookies += common.value(Tally.Common.invalidCookies)
    }
}

extension Traffic.Sizes {
    fileprivate mutating func add(_ block: UnsafeMutablePointer<Tally.Count>, _ short: Int, _ long: Int) {
        for octets in 0..<Tally.Layout.shortOctets {
            let count = block.value(short + octets)
            guard count > 0 else { continue }
            buckets[SizeBuckets.index(of: octets)] += count
            self.octets += count * UInt64(octets)
        }
        for index in buckets.indices { buckets[index] += block.value(long + index) }
        octets += block.value(long + SizeBuckets.bounds.count + 1)
    }
}

/// The buckets of messages' sizes, in octets: CoreDNS's.
package enum SizeBuckets {
    package static let bounds = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16000, 32000, 48000, 64000]

    /// The first bucket that a size fits in; one more than there are for the largest.
    static func index(of octets: Int) -> Int { bounds.firstIndex { octets <= $0 } ?? bounds.count }
}

/// The buckets of durations: each twice as long as the one before, from a microsecond on.
package enum DurationBuckets {
    package static let count = 20

    /// The upper bounds, in seconds.
    package static let bounds = (0..<count).map { Double(1 << $0) / 1e6 }

    /// The first bucket that a duration fits in; `count` for the longest.
    static func index(ofNanoseconds nanoseconds: UInt64) -> Int {
        (0..<count).first { nanoseconds <= 1000 << UInt64($0) } ?? count
    }
}

/// The types of questions that are counted apart: CoreDNS's.
package enum CountedType {
    private static let low = [1, 2, 5, 6, 12, 15, 16, 28, 33, 43, 46, 47, 48, 50, 64, 65]
    /// Those whose numbers are too high for a row of their own number: IXFR, AXFR and ANY.
    static let further = [251, 252, 255]

    /// What the columns are called; the last is for all others.
    package static let names = (low + further).map { RecordType(rawValue: UInt16($0)).text } + ["other"]

    /// The row of a block in which a type is counted.
    static func row(of type: RecordType) -> Int {
        let number = Int(type.rawValue)
        if number < Tally.Layout.types { return number }
        return Tally.Layout.types + (further.firstIndex(of: number) ?? further.count)
    }

    /// The column that a row of a block is shown in.
    static func column(ofRow row: Int) -> Int {
        if row >= Tally.Layout.types { return low.count + row - Tally.Layout.types }
        return low.firstIndex(of: row) ?? names.count - 1
    }
}

/// What is counted of TCP, on the one thread that it has.
final class TCPCounters: Sendable {
    let numbers: ZoneNumbers
    let ipv4 = Tally(.tcp, isIPv6: false)
    let ipv6 = Tally(.tcp, isIPv6: true)
    let open = Atomic(0)
    let accepted = Atomic(0)
    let evicted = Atomic(0)

    init(_ numbers: ZoneNumbers) { self.numbers = numbers }
}
