import Glibc

/// What one thread that answers does to have its queries recorded: `begin`, for each query `keep` and then `record`, `end`.
///
/// No lock, no allocation, no reference counting per query; two looks at the clock a batch. While no query is wanted, `isOn` is false, and that is
/// all there is to do.
package struct QueryRecorder {
    /// Whether queries of this batch may be wanted.
    package private(set) var isOn = false

    // Unmanaged: the thread holds the ring for as long.
    private let ring: Unmanaged<QueryRing>?
    private let memory: UnsafeMutableRawPointer?
    private let mask: Int
    private let isStream: Bool
    /// Octets that a response has at most.
    private let longestResponse: Int

    private var interest = QueryInterest()
    /// Queries until the next that is logged, and the next sample.
    private var untilLogged: UInt32 = 0
    private var untilSampled: UInt32 = 0
    private var lost = QueryLoss()

    /// Where the next entry is written, and up to where there is room: octets since the ring's beginning.
    private var position = 0
    private var limit = 0
    /// Where the times of this batch stand; they are not known before its end.
    private var times: UnsafeMutableRawPointer?
    private var hasRecords = false
    /// The entry of the query that was kept last; nil if there was no room for it.
    private var entry: UnsafeMutableRawPointer?
    private var queryLength = 0
    private var purposes: QueryPurposes = []
    /// Whether the query's response decides if it is logged.
    private var isJudged = false

    /// Queries longer than that are cut short.
    private static let longestQuery = 65_535

    /// `ring`: where to; nil for a thread that records nothing. The caller keeps the ring while it records.
    package init(_ ring: QueryRing?, isStream: Bool, longestResponse: Int) {
        self.ring = ring.map(Unmanaged.passUnretained)
        memory = ring?.memory
        mask = (ring?.capacity ?? 1) - 1
        self.isStream = isStream
        self.longestResponse = longestResponse
    }

    /// Begins a batch: its queries have just been received.
    @inline(__always)
    package mutating func begin() {
        if ring != nil { beginBatch() }
    }

    @inline(never)
    private mutating func beginBatch() {
        guard let ring = ring?.takeUnretainedValue() else { return }
        let current = ring.interest.value
        if current != interest {
            interest = current
            untilLogged = current.logEvery
            untilSampled = QueryInterest.sampleEvery
        }
        isOn = !current.isEmpty
        guard isOn else { return }
        let (written, read) = ring.bounds
        position = written
        limit = read + ring.capacity
        hasRecords = false
        times = place(QueryEntry.timesLength)
        guard let times else { return }
        Self.write(.times, QueryEntry.timesLength, at: times)
        times.storeBytes(of: Self.now, toByteOffset: QueryEntry.times, as: Int64.self)
        position += QueryEntry.timesLength
    }

    /// Ends a batch: its responses have just been sent.
    @inline(__always)
    package mutating func end() {
        if isOn { endBatch() }
    }

    @inline(never)
    private mutating func endBatch() {
        guard let ring = ring?.takeUnretainedValue() else { return }
        if hasRecords, let times { times.storeBytes(of: Self.now, toByteOffset: QueryEntry.times + 8, as: Int64.self) }
        ring.publish(upTo: hasRecords ? position : ring.bounds.written, lost: lost)
    }

    /// Keeps a query's octets, which its response takes the place of. False if the query is not wanted: then `record` is not called.
    @inline(never)
    package mutating func keep(_ message: UnsafeRawPointer, length: Int) -> Bool {
        purposes = interest.isTapped ? .tap : []
        if interest.isSampled {
            untilSampled &-= 1
            if untilSampled == 0 {
                untilSampled = QueryInterest.sampleEvery
                purposes.insert(.sample)
            }
        }
        isJudged = interest.logEvery > 0 && interest.logClass != .all
        if interest.logEvery > 0, !isJudged { countForLog() }
        guard !purposes.isEmpty || isJudged, length > 0 else { return false }
        queryLength = min(length, Self.longestQuery)
        entry = times == nil ? nil : place(QueryEntry.octets + QueryEntry.padded(queryLength) + QueryEntry.padded(longestResponse))
        entry.map { $0 + QueryEntry.octets }?.copyMemory(from: message, byteCount: queryLength)
        return true
    }

    /// Records the query that was kept last. `code`: the RCODE of its response, the first `length` octets of `response`, or nil for none. `client`,
    /// `local`: socket addresses of 28 octets.
    @inline(never)
    package mutating func record(
        _ code: UInt16?, _ response: UnsafeRawPointer, length: Int, from client: UnsafeRawPointer, to local: UnsafeRawPointer
    ) {
        if isJudged, interest.logClass.includes(code, response) { countForLog() }
        guard !purposes.isEmpty else { return }
        guard let entry, length <= longestResponse else {
            if purposes.contains(.log) { lost.lines &+= 1 }
            if purposes.contains(.tap) { lost.messages &+= code == nil ? 1 : 2 }
            return
        }
        let behindQuery = QueryEntry.octets + QueryEntry.padded(queryLength)
        Self.write(.query, behindQuery + QueryEntry.padded(length), at: entry)
        entry.storeBytes(of: purposes.rawValue, toByteOffset: QueryEntry.purposes, as: UInt8.self)
        entry.storeBytes(of: isStream, toByteOffset: QueryEntry.isStream, as: Bool.self)
        entry.storeBytes(of: UInt32(truncatingIfNeeded: queryLength), toByteOffset: QueryEntry.queryLength, as: UInt32.self)
        entry.storeBytes(of: UInt32(truncatingIfNeeded: length), toByteOffset: QueryEntry.responseLength, as: UInt32.self)
        entry.storeBytes(of: code ?? 0, toByteOffset: QueryEntry.code, as: UInt16.self)
        entry.storeBytes(of: code != nil, toByteOffset: QueryEntry.hasResponse, as: Bool.self)
        (entry + QueryEntry.client).copyMemory(from: client, byteCount: QueryEntry.addressLength)
        (entry + QueryEntry.local).copyMemory(from: local, byteCount: QueryEntry.addressLength)
        (entry + behindQuery).copyMemory(from: response, byteCount: length)
        position += behindQuery + QueryEntry.padded(length)
        hasRecords = true
    }

    /// One more query that may be logged.
    @inline(__always)
    private mutating func countForLog() {
        untilLogged &-= 1
        guard untilLogged == 0 else { return }
        untilLogged = interest.logEvery
        purposes.insert(.log)
    }

    /// The place of an entry of so many octets, a multiple of eight; nil if there is no room. What is left at the end of the memory becomes a gap.
    private mutating func place(_ length: Int) -> UnsafeMutableRawPointer? {
        guard let memory else { return nil }
        let offset = position & mask
        let rest = mask + 1 - offset
        guard rest < length else { return position + length <= limit ? memory + offset : nil }
        guard position + rest + length <= limit else { return nil }
        Self.write(.gap, rest, at: memory + offset)
        position += rest
        return memory
    }

    private static func write(_ kind: QueryEntry.Kind, _ length: Int, at entry: UnsafeMutableRawPointer) {
        entry.storeBytes(of: UInt32(truncatingIfNeeded: length), as: UInt32.self)
        entry.storeBytes(of: kind.rawValue, toByteOffset: QueryEntry.kind, as: UInt8.self)
    }

    /// Nanoseconds since 1970. The C function is `clock_gettime`.
    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
