import DNSAuthority
import Glibc
import Synchronization

/// What one worker has counted: plain memory that the worker alone writes, and others may read at any time.
///
/// Sendable although it holds pointers: every word is written by one thread, in one step.
final class Tally: @unchecked Sendable {
    /// A word that one thread writes.
    typealias Count = Atomic<UInt64>

    /// The layout of a zone's block, in words.
    enum Layout {
        /// How many queries had a type and a code: a row of codes for each type below 128, then one for each further type that is counted apart,
        /// then one for all others.
        static let codes = 9
        static let types = 128
        static let rows = types + CountedType.further.count + 1
        /// How many queries, and responses, had so many octets; longer ones are in buckets.
        static let queries = rows * codes
        static let shortOctets = 2048
        static let responses = queries + shortOctets
        /// Longer messages, by bucket, then their octets.
        static let longQueries = responses + shortOctets
        static let longResponses = longQueries + SizeBuckets.bounds.count + 2
        static let truncated = longResponses + SizeBuckets.bounds.count + 2
        static let words = truncated + 1
    }

    /// The layout of what is not of one zone, in words: queries without a response, then sampled durations by bucket, then their nanoseconds,
    /// then responses beyond the rate limit, then cookies by what they were worth.
    enum Common {
        static let silent = 0
        static let durations = 1
        static let nanoseconds = durations + DurationBuckets.count + 1
        static let overLimitDropped = nanoseconds + 1
        static let overLimitCut = overLimitDropped + 1
        static let newCookies = overLimitCut + 1
        static let validCookies = newCookies + 1
        static let invalidCookies = validCookies + 1
        static let words = invalidCookies + 1
    }

    /// How the queries came.
    let transport: Transport
    /// IPv6 rather than IPv4.
    let isIPv6: Bool
    /// The blocks of all zones that there may be, one after another: memory that the system gives when it is first written to.
    private let blocks: UnsafeMutablePointer<Count>
    let common: UnsafeMutablePointer<Count>

    init(_ transport: Transport, isIPv6: Bool) {
        (self.transport, self.isIPv6) = (transport, isIPv6)
        blocks = Self.zeros(Layout.words * ZoneNumbers.most)
        common = Self.zeros(Common.words)
    }

    deinit {
        free(blocks)
        free(common)
    }

    /// The C function is `calloc`; without memory the program cannot go on.
    private static func zeros(_ words: Int) -> UnsafeMutablePointer<Count> {
        guard let memory = calloc(words, MemoryLayout<Count>.stride) else { abort() }
        return memory.bindMemory(to: Count.self, capacity: words)
    }

    /// The block of a zone, by its number.
    func block(_ number: Int) -> UnsafeMutablePointer<Count> { blocks + min(number, ZoneNumbers.most - 1) * Layout.words }
}

extension UnsafeMutablePointer<Tally.Count> {
    /// Adds to a word. Only its own thread may.
    @inline(__always)
    func add(_ number: UInt64, at index: Int) {
        let word = self + index
        word.pointee.store(word.pointee.load(ordering: .relaxed) &+ number, ordering: .relaxed)
    }

    /// A word, from any thread.
    func value(_ index: Int) -> UInt64 { self[index].load(ordering: .relaxed) }
}

/// Counts into a tally, on its worker's thread: no lock, no allocation, no reference counting.
struct TallyWriter: ~Copyable {
    private let tally: Tally
    private let numbers: ZoneNumbers
    /// The block of each zone by its place among those that are served, behind that of no zone.
    private var blocks: UnsafeMutablePointer<UnsafeMutablePointer<Tally.Count>>
    private var origins: [DomainName] = []
    private let common: UnsafeMutablePointer<Tally.Count>
    /// Queries until the next whose time is taken.
    private var untilSample = 0

    /// One query in so many has its time taken: a look at the clock for each would cost more than the counting.
    static let sampling = 128

    init(_ tally: Tally, _ numbers: ZoneNumbers) {
        (self.tally, self.numbers) = (tally, numbers)
        blocks = .allocate(capacity: 1)
        blocks.initialize(to: tally.block(0))
        common = tally.common
    }

    deinit { blocks.deallocate() }

    /// Finds the blocks of zones that are served from now on; rarely anything is different.
    mutating func prepare(for zones: ServedZones) {
        guard !zones.all.lazy.map(\.origin).elementsEqual(origins) else { return }
        origins = zones.all.map(\.origin)
        blocks.deallocate()
        blocks = .allocate(capacity: origins.count + 1)
        blocks.initialize(to: tally.block(0))
        for (index, origin) in origins.enumerated() { (blocks + index + 1).initialize(to: tally.block(numbers.number(of: origin))) }
    }

    /// Counts a query and its response, by the zones that were prepared for last.
    @inline(__always)
    func count(_ answer: Responder.Answer, queryLength: Int) {
        typealias Layout = Tally.Layout
        let block = blocks[answer.zone]
        let type = Int(answer.type.rawValue)
        // One comparison for all that is rare: each of the numbers has a bit beyond where it is too large.
        guard type &* (Layout.shortOctets / Layout.types) | queryLength | answer.lengthAndMark < Layout.shortOctets else {
            return countRare(answer, queryLength, block)
        }
        block.add(1, at: type &* Layout.codes &+ answer.code.place)
        block.add(1, at: Layout.queries &+ queryLength)
        block.add(1, at: Layout.responses &+ answer.lengthAndMark)
    }

    @inline(never)
    private func countRare(_ answer: Responder.Answer, _ queryLength: Int, _ block: UnsafeMutablePointer<Tally.Count>) {
        typealias Layout = Tally.Layout
        block.add(1, at: CountedType.row(of: answer.type) * Layout.codes + answer.code.place)
        if answer.isTruncated { block.add(1, at: Layout.truncated) }
        Self.count(queryLength, block, Layout.queries, Layout.longQueries)
        Self.count(answer.length, block, Layout.responses, Layout.longResponses)
    }

    private static func count(_ octets: Int, _ block: UnsafeMutablePointer<Tally.Count>, _ short: Int, _ long: Int) {
        if octets < Tally.Layout.shortOctets { return block.add(1, at: short + octets) }
        block.add(1, at: long + SizeBuckets.index(of: octets))
        block.add(UInt64(octets), at: long + SizeBuckets.bounds.count + 1)
    }

    /// Counts a message that has no response.
    func countSilent() { common.add(1, at: Tally.Common.silent) }

    /// Counts a response beyond the rate limit.
    func countOverLimit(isCut: Bool) { common.add(1, at: isCut ? Tally.Common.overLimitCut : Tally.Common.overLimitDropped) }

    /// Counts cookies; most often there are none.
    @inline(__always)
    func count(_ cookies: CookieCounts) {
        if cookies.isEmpty { return }
        common.add(cookies.new, at: Tally.Common.newCookies)
        common.add(cookies.valid, at: Tally.Common.validCookies)
        common.add(cookies.invalid, at: Tally.Common.invalidCookies)
    }

    /// The time, if it is one query's turn among so many that its time is taken.
    @inline(__always)
    mutating func sampleBeginning(of queries: Int) -> UInt64? {
        untilSample &-= queries
        return untilSample < 0 ? sample() : nil
    }

    @inline(never)
    private mutating func sample() -> UInt64 {
        untilSample = Self.sampling
        return Self.now
    }

    /// Takes in how long it took since then.
    @inline(never)
    func sampleEnd(since beginning: UInt64) {
        let duration = Self.now &- beginning
        common.add(1, at: Tally.Common.durations + DurationBuckets.index(ofNanoseconds: duration))
        common.add(duration, at: Tally.Common.nanoseconds)
    }

    /// Nanoseconds of a clock that runs steadily. The C function is `clock_gettime`.
    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(bitPattern: Int64(time.tv_sec &* 1_000_000_000 &+ time.tv_nsec))
    }
}

extension ResponseCode {
    /// Its `index`, without a call into another module for each query.
    @inline(__always)
    fileprivate var place: Int {
        switch self {
        case .noError: 0
        case .formatError: 1
        case .serverFailure: 2
        case .nameError: 3
        case .notImplemented: 4
        case .refused: 5
        case .notAuthoritative: 6
        case .badVersion: 7
        case .badCookie: 8
        }
    }
}

extension Responder.Answer {
    /// Its `length`, in the same way.
    @inline(__always)
    var octets: Int { lengthAndMark & 0xFFFF }
}

/// Numbers for the origins of zones, the same ones as long as the process lives, however zones come and go.
final class ZoneNumbers: Sendable {
    /// Most zones that are counted apart, that of no zone included; further ones share the last number.
    static let most = 32

    private let origins = Mutex<[DomainName]>([])

    /// The number of an origin, 1 at least: 0 stands for no zone.
    func number(of origin: DomainName) -> Int {
        origins.withLock { origins in
            if let index = origins.firstIndex(of: origin) { return index + 1 }
            guard origins.count < Self.most - 2 else { return Self.most - 1 }
            origins.append(origin)
            return origins.count
        }
    }

    /// The origins by their numbers, from 1 on.
    var all: [DomainName] { origins.withLock { $0 } }
}
