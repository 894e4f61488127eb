import DequeModule

/// Paths whose creation has a watch although nothing below them is followed any more: those of branches and services that were deleted before
/// they had a list.
///
/// ZooKeeper and its client keep such a watch until the path is created. A registrant could have any number made; the earliest are taken back.
struct LeftWatches {
    /// Most paths that are left with a watch: so many that it is of use when one comes back.
    static let most = 1000

    /// The paths, each with the place in which it was left last.
    private var paths: [String: Int] = [:]
    /// The paths in the order in which they were left, with some that are not left any more, or were left again.
    private var order = Deque<(path: String, place: Int)>()
    private var place = 0
    private var excess: [String] = []

    /// A path is left.
    mutating func add(_ path: String) {
        place += 1
        paths[path] = place
        order.append((path, place))
        // Half of a long order is of no use.
        if order.count > 2 * Self.most { order = Deque(order.filter { paths[$0.path] == $0.place }) }
        while let first = order.first, paths[first.path] != first.place { order.removeFirst() }
        guard paths.count > Self.most, let first = order.popFirst() else { return }
        paths[first.path] = nil
        excess.append(first.path)
    }

    /// A path is awaited again.
    mutating func remove(_ path: String) {
        if !paths.isEmpty { paths[path] = nil }
        if !excess.isEmpty { excess.removeAll { $0 == path } }
    }

    /// The paths whose watches are to be taken back, once each.
    mutating func takeExcess() -> [String] {
        defer { excess = [] }
        return excess
    }
}
