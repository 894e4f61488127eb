/// First in, first out; taking one out costs the same however many there are.
struct Queue<Element> {
    private var elements: [Element] = []
    /// How many of them have been taken out.
    private var taken = 0

    /// How many are in it.
    var count: Int { elements.count - taken }

    /// Whether none is.
    var isEmpty: Bool { taken == elements.count }

    /// The one that came first.
    var first: Element? { isEmpty ? nil : elements[taken] }

    /// Puts one in.
    mutating func append(_ element: Element) { elements.append(element) }

    /// Takes the first one out.
    mutating func popFirst() -> Element? {
        guard let first else { return nil }
        taken += 1
        if taken > 32, taken * 2 > elements.count {
            elements.removeFirst(taken)
            taken = 0
        }
        return first
    }

    /// Leaves only those that a condition holds for.
    mutating func filter(_ isKept: (Element) -> Bool) {
        elements = elements[taken...].filter(isKept)
        taken = 0
    }
}
