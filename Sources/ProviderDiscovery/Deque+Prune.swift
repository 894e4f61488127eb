import DequeModule

extension Deque {
    /// Unwanted elements that may stay, or as many as are wanted.
    private static var mostUnwanted: Int { 256 }

    /// Takes out what leaves next while it is unwanted; and all that is, once more elements are unwanted than the `wanted` ones. Constant time
    /// on average.
    mutating func prune(wanted: Int, _ isWanted: (Element) -> Bool) {
        while let first, !isWanted(first) { removeFirst() }
        // What vanishes and returns again and again leaves an unwanted element each time.
        if count / 2 > Swift.max(wanted, Self.mostUnwanted) { removeAll { !isWanted($0) } }
    }
}
