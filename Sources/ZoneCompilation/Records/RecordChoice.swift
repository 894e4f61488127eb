/// Which of many records an RRset has, and in which order: each lies on a ring, at its instance's place, so that one record more or less
/// moves no other.
struct RecordChoice {
    /// A record that an RRset may have.
    protocol Candidate {
        /// Where it lies on the ring.
        var place: UInt32 { get }
        /// Those of the lowest are taken first if not all are: by priority, those of weight 0 behind others.
        var rank: Int { get }
    }

    /// How many were chosen.
    let count: Int
    /// Those that were chosen, by their places among the candidates, in the order of the ring, and where each candidate stands among those; nil
    /// where all candidates were chosen in their own order.
    private let choice: (indices: [Int], positions: [Int?])?

    /// Chooses those with the lowest ranks, among equal ones those with the lowest places; all if `most` is 0. O(n log n).
    init(_ candidates: [some Candidate], most: Int) {
        let isLimited = most > 0 && candidates.count > most
        count = isLimited ? most : candidates.count
        let areInOrder = candidates.indices.dropFirst().allSatisfy { candidates[$0 - 1].place <= candidates[$0].place }
        choice = !isLimited && areInOrder ? nil : Self.choose(count, of: candidates)
    }

    private static func choose(_ count: Int, of candidates: [some Candidate]) -> (indices: [Int], positions: [Int?]) {
        func isBefore(_ left: Int, _ right: Int) -> Bool { (candidates[left].place, left) < (candidates[right].place, right) }
        var chosen = Array(candidates.indices)
        if count < chosen.count {
            chosen.sort { candidates[$0].rank == candidates[$1].rank ? isBefore($0, $1) : candidates[$0].rank < candidates[$1].rank }
            chosen.removeLast(chosen.count - count)
        }
        chosen.sort(by: isBefore)
        var positions = [Int?](repeating: nil, count: candidates.count)
        for (position, index) in chosen.enumerated() { positions[index] = position }
        return (chosen, positions)
    }

    /// The candidate that stands at a position.
    subscript(position: Int) -> Int { choice?.indices[position] ?? position }

    /// Where a candidate stands; nil for one that was left out.
    func position(of candidate: Int) -> Int? { if let choice { choice.positions[candidate] } else { candidate } }

    /// The rank of what a provider offers.
    static func rank(priority: UInt16, weight: UInt16) -> Int { Int(priority) * 2 + (weight == 0 ? 1 : 0) }
}
