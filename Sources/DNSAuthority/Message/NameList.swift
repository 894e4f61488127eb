/// Names in their wire form one after another, in lower case: thousands of them without an allocation each.
package struct NameList: Sendable {
    private var octets: [UInt8] = []
    /// Where each name ends in `octets`.
    private var ends: [Int] = []

    package init() {}

    /// Has room for so many names with so many octets together, where they are known before they are appended.
    package mutating func reserve(names count: Int, octets length: Int) {
        ends.reserveCapacity(count)
        octets.reserveCapacity(length)
    }

    /// How many names there are, empty places included.
    package var count: Int { ends.count }

    /// Octets of a name; 0 for an empty place.
    package func length(at index: Int) -> Int { ends[index] - start(of: index) }

    /// A name; nil for an empty place.
    package subscript(index: Int) -> DomainName? {
        let range = start(of: index)..<ends[index]
        return range.isEmpty ? nil : octets.withUnsafeBytes { DomainName(folded: UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// Calls a function with all names' octets; `range(of:)` tells where each stands in them. Not generic, as generic code of other modules is
    /// slow.
    package func read(_ body: (UnsafeRawBufferPointer) -> Void) { octets.withUnsafeBytes(body) }

    /// Where a name stands among the octets; empty for an empty place.
    package func range(of index: Int) -> Range<Int> { start(of: index)..<ends[index] }

    private func start(of index: Int) -> Int { index == 0 ? 0 : ends[index - 1] }

    /// Appends a name, or an empty place for nil.
    package mutating func append(_ name: DomainName?) {
        if let name { octets += name.octets }
        ends.append(octets.count)
    }

    /// Appends the name with one more label in front, whose octets are in lower case; false, and nothing, if that is no domain name.
    package mutating func append(label: UnsafeRawBufferPointer, below parent: DomainName) -> Bool {
        guard 1...DomainName.maximumLabelLength ~= label.count, 1 + label.count + parent.octets.count <= DomainName.maximumLength else {
            return false
        }
        octets.append(UInt8(label.count))
        octets.append(contentsOf: label)
        octets += parent.octets
        ends.append(octets.count)
        return true
    }
}
