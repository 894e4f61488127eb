/// Elements that leave in the order in which they came; each costs constant time on average.
struct Queue<Element> {
    /// Elements that have left may stay in memory until there are this many, or as many as are still waiting.
    private static var mostLeft: Int { 256 }

    private var elements: [Element] = []
    private var head = 0

    /// How many are waiting.
    var count: Int { elements.count - head }

    /// The one that leaves next.
    var first: Element? { head < elements.count ? elements[head] : nil }

    /// Those that are waiting, in order.
    var waiting: ArraySlice<Element> { elements[head...] }

    /// Adds one that leaves last.
    mutating func append(_ element: Element) { elements.append(element) }

    /// Takes out the one that leaves next.
    mutating func popFirst() -> Element? {
        guard let first else { return nil }
        head += 1
        if head > Self.mostLeft, head > elements.count / 2 {
            elements.removeFirst(head)
            head = 0
        }
        return first
    }

    /// Keeps those that are wanted. O(`count`).
    mutating func keep(where isWanted: (Element) -> Bool) {
        elements = waiting.filter(isWanted)
        head = 0
    }
}

extension Queue {
    /// Takes out what leaves next while it is unwanted; and all that is, once more elements are unwanted than the `wanted` ones.
    mutating func prune(wanted: Int, _ isWanted: (Element) -> Bool) {
        while let first, !isWanted(first) { _ = popFirst() }
        // What vanishes and returns again and again leaves an unwanted element each time.
        if count / 2 > max(wanted, Self.mostLeft) { keep(where: isWanted) }
    }
}
