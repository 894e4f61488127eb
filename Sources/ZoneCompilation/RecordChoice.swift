import DNSAuthority
import ProviderRegistry

/// Which of many records an RRset has, and in which order: each lies on a ring, at its instance's place, so that one record more or less
/// moves no other.
struct RecordChoice {
    /// A record that an RRset may have.
    struct Candidate {
        let record: RecordData
        /// Where it lies on the ring.
        let place: UInt32
        /// Those of the lowest are taken first if not all are: by priority, those of weight 0 behind others.
        let rank: Int

        /// The rank of what a provider offers.
        static func rank(_ provider: Provider) -> Int { Int(provider.priority) * 2 + (provider.weight == 0 ? 1 : 0) }
    }

    /// Those that were chosen, by their places among the candidates, in the order of the ring.
    let indices: [Int]

    /// Chooses those with the lowest ranks, among equal ones those with the lowest places; all if `most` is 0. O(n log n).
    init(_ candidates: [Candidate], most: Int) {
        func isBefore(_ left: Int, _ right: Int) -> Bool { (candidates[left].place, left) < (candidates[right].place, right) }
        var chosen = Array(candidates.indices)
        if most > 0, chosen.count > most {
            chosen.sort { candidates[$0].rank == candidates[$1].rank ? isBefore($0, $1) : candidates[$0].rank < candidates[$1].rank }
            chosen.removeLast(chosen.count - most)
        }
        indices = chosen.sorted(by: isBefore)
    }
}

extension RRset {
    /// Takes in chosen records with their places; where each candidate stands among them, nil for one that was left out.
    mutating func set(_ choice: RecordChoice, of candidates: [RecordChoice.Candidate]) -> [Int?] {
        records = choice.indices.map { candidates[$0].record }
        places = choice.indices.map { candidates[$0].place }
        var positions = [Int?](repeating: nil, count: candidates.count)
        for (position, index) in choice.indices.enumerated() { positions[index] = position }
        return positions
    }
}
