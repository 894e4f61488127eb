import Synchronization

/// The kinds of responses that a query log may be limited to, as CoreDNS has them.
package enum ResponseClass: UInt8, CaseIterable, Sendable {
    /// Every query, also one without a response.
    case all
    /// The name does not exist, or has nothing of the asked type.
    case denial
    /// Any RCODE but NOERROR and NXDOMAIN.
    case error

    /// Whether a message belongs to the class. `code`: its RCODE, nil for silence; `response`: at least a header if there is one.
    @inline(__always)
    func includes(_ code: UInt16?, _ response: UnsafeRawPointer) -> Bool {
        switch self {
        case .all: true
        case .denial: code == 3 || code == 0 && Self.isEmptyAnswer(response)
        case .error: code.map { $0 != 0 && $0 != 3 } ?? false
        }
    }

    /// ANCOUNT is 0 and TC is clear: what was cut off is no denial.
    private static func isEmptyAnswer(_ response: UnsafeRawPointer) -> Bool {
        response.loadUnaligned(fromByteOffset: 6, as: UInt16.self) == 0 && response.load(fromByteOffset: 2, as: UInt8.self) & 0x02 == 0
    }
}

/// Which queries are wanted, and for what.
package struct QueryInterest: Equatable, Sendable {
    /// Every query, for dnstap.
    package var isTapped = false
    /// One query in `sampleEvery`, to know what is asked most.
    package var isSampled = false
    /// One query of `logClass` in so many, for the query log; 0 for none.
    package var logEvery: UInt32 = 0
    package var logClass = ResponseClass.all

    /// One query in so many is a sample: a prime, so that clients which ask the same in turn are all seen.
    package static let sampleEvery: UInt32 = 61

    package init() {}

    /// The same as one number, which threads can read at once.
    fileprivate init(word: UInt64) {
        isTapped = word & 1 != 0
        isSampled = word & 2 != 0
        logClass = ResponseClass(rawValue: UInt8(truncatingIfNeeded: word >> 8)) ?? .all
        logEvery = UInt32(truncatingIfNeeded: word >> 32)
    }

    fileprivate var word: UInt64 { (isTapped ? 1 : 0) | (isSampled ? 2 : 0) | UInt64(logClass.rawValue) << 8 | UInt64(logEvery) << 32 }

    /// Whether any query is wanted.
    var isEmpty: Bool { !isTapped && !isSampled && logEvery == 0 }

    /// The interest of all workers of a tap.
    final class Shared: Sendable {
        private let word = Atomic<UInt64>(0)

        var value: QueryInterest {
            get { QueryInterest(word: word.load(ordering: .relaxed)) }
            set { word.store(newValue.word, ordering: .relaxed) }
        }
    }
}

/// Where queries and responses can be taken from the threads that answer: a ring for each, emptied by one reader.
package final class QueryTap: Sendable {
    private struct Rings {
        var all: [QueryRing] = []
        /// What rings that are gone have lost.
        var lost = QueryLoss()
    }

    private let shared = QueryInterest.Shared()
    private let rings = Mutex(Rings())
    private let capacity: Int

    /// Octets of all rings together, as far as each has the least.
    private static let octets = 64 << 20
    /// Octets of a ring at most: a few hundredths of a second of a loaded worker's queries.
    private static let mostOctets = 4 << 20

    /// A tap for so many threads.
    package init(threads: Int) {
        var capacity = Self.mostOctets
        while capacity > QueryRing.leastCapacity, capacity > Self.octets / max(threads, 1) { capacity /= 2 }
        self.capacity = capacity
    }

    /// Which queries are wanted, from each thread's next batch on.
    package var interest: QueryInterest {
        get { shared.value }
        set { shared.value = newValue }
    }

    /// A ring for one more thread.
    package func makeRing() -> QueryRing {
        let ring = QueryRing(capacity: capacity, shared)
        rings.withLock { $0.all.append(ring) }
        return ring
    }

    /// Hands over what has come in, for each thread in order; how many octets that was. By one thread at a time only.
    package func drain(_ take: (QueryRecord) -> Void) -> Int {
        let all = rings.withLock { $0.all }
        // Asked before the rings are emptied: an ended thread writes no more.
        let ended = all.filter(\.hasEnded)
        let octets = all.reduce(0) { $0 + $1.drain(take) }
        for ring in ended { forget(ring) }
        return octets
    }

    private func forget(_ ring: QueryRing) {
        rings.withLock { rings in
            guard let index = rings.all.firstIndex(where: { $0 === ring }) else { return }
            rings.all.remove(at: index)
            rings.lost += ring.lost
        }
    }

    /// What found no room in its ring so far.
    package var lost: QueryLoss { rings.withLock { $0.all.reduce($0.lost) { $0 + $1.lost } } }
}

/// What was wanted, and left out since the reader did not keep up.
package struct QueryLoss: AdditiveArithmetic, Sendable {
    /// Lines of the query log.
    package var lines: Int
    /// Messages of dnstap: one for a query, one for a response.
    package var messages: Int

    package init(lines: Int = 0, messages: Int = 0) { (self.lines, self.messages) = (lines, messages) }

    package static var zero: QueryLoss { QueryLoss() }

    package static func + (left: QueryLoss, right: QueryLoss) -> QueryLoss {
        QueryLoss(lines: left.lines &+ right.lines, messages: left.messages &+ right.messages)
    }

    package static func - (left: QueryLoss, right: QueryLoss) -> QueryLoss {
        QueryLoss(lines: left.lines &- right.lines, messages: left.messages &- right.messages)
    }
}
