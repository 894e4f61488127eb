/// The word that was probably meant.
enum NearestWord {
    /// The word that the fewest changes of one letter lead to, at most one change for each three letters; nil if there is none.
    static func of(_ word: String, in words: [String]) -> String? {
        guard word.utf8.count <= longest else { return nil }
        let best = words.map { (word: $0, distance: distance(Array(word.utf8), Array($0.utf8))) }.min {
            ($0.distance, $0.word) < ($1.distance, $1.word)
        }
        return best.flatMap { $0.distance <= max(1, word.utf8.count / 3) ? $0.word : nil }
    }

    /// Octets of a word that may stand for another: no setting has a longer name.
    private static let longest = 40

    /// How many letters must be put in, taken out or replaced (Levenshtein). O(product of the lengths).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (place, other) in right.enumerated() {
                let next = min(diagonal + (letter == other ? 0 : 1), row[place] + 1, row[place + 1] + 1)
                diagonal = row[place + 1]
                row[place + 1] = next
            }
        }
        return row[right.count]
    }
}
