/// Chooses which record of an RRset comes first: any, or one drawn by weight.
///
/// A small generator (Knuth's MMIX, a linear congruential one); nothing secret depends on it.
struct RecordOrder {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
        // Otherwise seeds that are near each other begin alike.
        for _ in 0..<4 { _ = next(below: 1) }
    }

    /// A record that comes first in an answer: with cumulative weights in proportion to its own, else each equally often.
    @inline(__always)
    mutating func first(of rrset: EncodedRRset) -> Int {
        let count = rrset.count
        guard count > 1 else { return 0 }
        guard let sums = rrset.cumulativeWeights else {
            return Int(truncatingIfNeeded: next(below: UInt64(truncatingIfNeeded: count)))
        }
        return weighted(sums, count)
    }

    /// Whether it is the turn of one in so many; never of one in 0.
    mutating func isOne(in number: Int) -> Bool { number > 0 && next(below: UInt64(number)) == 0 }

    private mutating func weighted(_ sums: UnsafePointer<UInt64>, _ count: Int) -> Int {
        let drawn = next(below: sums[count - 1])
        return firstIndex(below: count) { sums[$0] > drawn }
    }

    /// A number from 0 to `bound` - 1, 0 if `bound` is 0. Each is equally likely up to `bound` in 2⁶⁴: taken from the upper bits, which are
    /// the random ones.
    @inline(__always)
    private mutating func next(below bound: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state.multipliedFullWidth(by: bound).high
    }
}

/// The first number from 0 on of which a condition is true that is true of all behind it; `count` if there is none. O(log count).
@inline(__always)
func firstIndex(below count: Int, where isReached: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
        let middle = (low + high) / 2
        if isReached(middle) { high = middle } else { low = middle + 1 }
    }
    return low
}

extension EncodedRRset {
    /// The record with which a client's part begins if a response has no room for all: the first at or behind the client's place on the ring.
    /// Each client keeps its part while records come and go, and clients spread over all records.
    @inline(never)
    func first(for client: ClientAddress) -> Int {
        guard let places else { return 0 }
        let wanted = Ring.place(of: client.octets)
        let first = firstIndex(below: count) { index in
            places.loadUnaligned(fromByteOffset: index * MemoryLayout<UInt32>.stride, as: UInt32.self) >= wanted
        }
        return first < count ? first : 0
    }
}

/// A ring of 2³² places on which records and clients lie, each where a hash of its name or address says: the same in every server.
package enum Ring {
    /// The place of some octets. O(octets). FNV-1a, its bits mixed as MurmurHash3 does at the end.
    package static func place(of octets: UnsafeRawBufferPointer) -> UInt32 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in octets { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3 }
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return UInt32(truncatingIfNeeded: hash >> 32)
    }
}
