import Glibc
import Synchronization

/// How many responses each account has got lately, in buckets that all workers share: the kernel spreads one client's queries over them.
///
/// No lock: of two workers that count in one bucket in the same moment one may go uncounted. Accounts that meet in a bucket replace each
/// other. Sendable although it holds a pointer: each bucket is one word, read and written in one step.
package final class RateTable: @unchecked Sendable {
    /// The most responses in a second that may be the limit.
    package static let mostResponses = RateBucket.mostResponses
    /// How many buckets there are, as a power of two: eight mebibytes, which the system gives as they are written to.
    private static let bits = 20

    /// The secret seed of the accounts' hashes.
    let seed = UInt64.random(in: 0 ... .max)
    private let buckets: UnsafeMutablePointer<Atomic<UInt64>>

    /// The C function is `calloc`; without memory the program cannot go on.
    init() {
        guard let memory = calloc(1 << Self.bits, MemoryLayout<Atomic<UInt64>>.stride) else { abort() }
        buckets = memory.bindMemory(to: Atomic<UInt64>.self, capacity: 1 << Self.bits)
    }

    deinit { free(buckets) }

    /// Counts a response for an account, a hash, and returns whether the account gets more than so many in a second. One look at memory.
    func isOver(_ limit: Int, _ account: UInt64, at seconds: UInt32) -> Bool {
        let word = buckets + Int(truncatingIfNeeded: account & (1 << Self.bits - 1))
        var bucket = RateBucket(word.pointee.load(ordering: .relaxed))
        let rate = bucket.count(RateBucket.mark(of: account), at: seconds)
        word.pointee.store(bucket.word, ordering: .relaxed)
        return rate >= 2 * limit
    }
}

/// The responses to one account: whose it is (20 bits), in which second it was counted last (12), the rate before that second and the responses
/// in it (16 each). The law is that of NSD's `rrl_update`.
struct RateBucket {
    /// The most responses in a second that a bucket can tell from more.
    static let mostResponses = 30_000
    private static let most = 0xFFFF
    private static let secondsMask: UInt64 = 0xFFF

    private(set) var word: UInt64

    init(_ word: UInt64) { self.word = word }

    /// What tells the accounts of one bucket from each other; never that of an empty bucket.
    static func mark(of account: UInt64) -> UInt64 { account >> 44 | 1 }

    /// Counts a response, and returns the rate that is compared with twice the limit: a steady number of responses in each second makes a rate
    /// of twice that number, and a sudden rise counts in the second in which it comes.
    mutating func count(_ mark: UInt64, at seconds: UInt32) -> Int {
        let now = UInt64(seconds) & Self.secondsMask
        var (rate, responses) = (Int(word >> 16 & 0xFFFF), Int(word & 0xFFFF))
        let elapsed = (now &- word >> 32) & Self.secondsMask
        // Half of all seconds lie ahead: the clock was set back.
        if word >> 44 != mark || elapsed > Self.secondsMask / 2 {
            (rate, responses) = (0, 0)
        } else if elapsed > 0 {
            rate = min(rate >> Int(elapsed) + responses >> (Int(elapsed) - 1), Self.most)
            responses = 0
        }
        responses = min(responses + 1, Self.most)
        word = mark << 44 | now << 32 | UInt64(rate) << 16 | UInt64(responses)
        return responses > rate / 2 ? responses + rate / 2 : rate
    }
}
