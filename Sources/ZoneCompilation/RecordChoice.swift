import DNSAuthority

/// Which of many records an RRset has, and in which order: each lies on a ring, at its instance's place, so that one record more or less
/// moves no other.
struct RecordChoice {
    /// A record that an RRset may have.
    struct Candidate {
        let record: RecordData
        /// Where it lies on the ring.
        let place: UInt32
        /// Whether others come first if not all are taken.
        let isLast: Bool
    }

    /// Those that were chosen, by their places among the candidates, in the order of the ring.
    let indices: [Int]

    /// Chooses those with the lowest places, the last ones only if there is room; all if `most` is 0. O(n log n).
    init(_ candidates: [Candidate], most: Int) {
        func isBefore(_ left: Int, _ right: Int) -> Bool { (candidates[left].place, left) < (candidates[right].place, right) }
        var chosen = Array(candidates.indices)
        if most > 0, chosen.count > most {
            chosen.sort { candidates[$0].isLast == candidates[$1].isLast ? isBefore($0, $1) : candidates[$1].isLast }
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
