import Glibc
import Synchronization

/// Queries and responses on their way from the thread that answers to the one that records: no lock, no allocation.
///
/// A circle of memory with one writer and one reader. `head` and `tail` count the octets written and read since the beginning; an octet's place
/// is its number modulo the capacity. Entries are multiples of eight octets, and none goes over the end of the memory.
package final class QueryRing: @unchecked Sendable {
    // Sendable although it holds memory: what lies between tail and head is the reader's, all else the writer's.
    let memory: UnsafeMutableRawPointer
    /// A power of two.
    let capacity: Int
    let interest: QueryInterest.Shared
    private let head = Atomic<Int>(0)
    private let tail = Atomic<Int>(0)
    private let lostLines = Atomic<Int>(0)
    private let lostMessages = Atomic<Int>(0)
    private let isOver = Atomic(false)

    /// Octets of a ring at least: several of the longest messages with their responses.
    static let leastCapacity = 512 << 10

    init(capacity: Int, _ interest: QueryInterest.Shared) {
        var size = Self.leastCapacity
        while size < capacity { size *= 2 }
        self.capacity = size
        self.interest = interest
        memory = .allocate(byteCount: size, alignment: 64)
    }

    deinit { memory.deallocate() }

    /// Has the reader forget the ring once it has read it.
    package func end() { isOver.store(true, ordering: .releasing) }

    var hasEnded: Bool { isOver.load(ordering: .acquiring) }

    var lost: QueryLoss { QueryLoss(lines: lostLines.load(ordering: .relaxed), messages: lostMessages.load(ordering: .relaxed)) }
}

// MARK: The writer's side

extension QueryRing {
    /// The octet up to which all is written, and the one up to which all is read.
    var bounds: (written: Int, read: Int) { (head.load(ordering: .relaxed), tail.load(ordering: .acquiring)) }

    /// Hands everything before an octet to the reader.
    func publish(upTo position: Int, lost: QueryLoss) {
        head.store(position, ordering: .releasing)
        lostLines.store(lost.lines, ordering: .relaxed)
        lostMessages.store(lost.messages, ordering: .relaxed)
    }
}

// MARK: The reader's side

extension QueryRing {
    /// Octets after which the writer may have their room again: the reader's cache line is not touched for each entry.
    private static let releaseInterval = 64 << 10

    /// Hands over what lies in the ring; how many octets that was.
    func drain(_ take: (QueryRecord) -> Void) -> Int {
        let end = head.load(ordering: .acquiring)
        let start = tail.load(ordering: .relaxed)
        var position = start
        var released = start
        var times = QueryRecord.Times(received: 0, sent: 0)
        while position < end {
            let entry = UnsafeRawPointer(memory + position & (capacity - 1))
            position += Int(entry.load(as: UInt32.self))
            switch QueryEntry.Kind(rawValue: entry.load(fromByteOffset: QueryEntry.kind, as: UInt8.self)) {
            case .times: times = entry.load(fromByteOffset: QueryEntry.times, as: QueryRecord.Times.self)
            case .query: take(QueryRecord(entry, times))
            case .gap, nil: break
            }
            if position - released > Self.releaseInterval {
                tail.store(position, ordering: .releasing)
                released = position
            }
        }
        tail.store(position, ordering: .releasing)
        return position - start
    }
}

/// Where things stand in an entry of a ring: offsets in octets. Its length, 32 bits, stands first.
enum QueryEntry {
    enum Kind: UInt8 {
        /// Unused up to the end of the memory.
        case gap
        /// When the queries that follow were received, and their responses sent.
        case times
        /// A query with its response.
        case query
    }

    static let kind = 4
    static let purposes = 5
    static let isStream = 6

    /// Two 64-bit counts of nanoseconds.
    static let times = 8
    static let timesLength = 24

    /// 32 bits each.
    static let queryLength = 8
    static let responseLength = 12
    /// 16 bits, and whether there is a response.
    static let code = 16
    static let hasResponse = 18
    /// Socket addresses of `addressLength` octets each.
    static let client = 24
    static let local = 52
    /// The query; behind it, at the next multiple of eight, the response.
    static let octets = 80

    /// Octets of the C type `sockaddr_in6`, within which `sockaddr_in` fits.
    static let addressLength = MemoryLayout<sockaddr_in6>.size

    @inline(__always)
    static func padded(_ length: Int) -> Int { (length &+ 7) & ~7 }
}
