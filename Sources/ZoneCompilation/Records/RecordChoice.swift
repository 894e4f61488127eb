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

    /// Those that were chosen, by their places among the candidates, in the order of the ring.
    let indices: [Int]
    /// Where each candidate stands among those; nil for one that was left out.
    let positions: [Int?]

    /// Chooses those with the lowest ranks, among equal ones those with the lowest places; all if `most` is 0. O(n log n).
    init(_ candidates: [some Candidate], most: Int) {
        func isBefore(_ left: Int, _ right: Int) -> Bool { (candidates[left].place, left) < (candidates[right].place, right) }
        var chosen = Array(candidates.indices)
        if most > 0, chosen.count > most {
            chosen.sort { candidates[$0].rank == candidates[$1].rank ? isBefore($0, $1) : candidates[$0].rank < candidates[$1].rank }
            chosen.removeLast(chosen.count - most)
        }
        if zip(chosen, chosen.dropFirst()).contains(where: { !isBefore($0, $1) }) { chosen.sort(by: isBefore) }
        var positions = [Int?](repeating: nil, count: candidates.count)
        for (position, index) in chosen.enumerated() { positions[index] = position }
        (indices, self.positions) = (chosen, positions)
    }

    /// The rank of what a provider offers.
    static func rank(priority: UInt16, weight: UInt16) -> Int { Int(priority) * 2 + (weight == 0 ? 1 : 0) }
}
