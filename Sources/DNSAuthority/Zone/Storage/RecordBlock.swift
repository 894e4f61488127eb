/// Some names of a zone with all their RRsets in one allocation that never changes.
///
/// Names that change together, such as all names of one service, share a block; zones share the blocks that did not change.
///
///     own address | nodes | RRsets | each node's RRsets | additional data | weights | ends | records and names
///
/// Every reference is an offset from where it stands (`ZoneNode.Entry`, `EncodedRRset.Entry`).
///
/// Sendable although it holds pointers: nothing writes to the memory once the builder has handed the block out.
package final class RecordBlock: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    let nodeCount: Int
    /// Whether all names are empty non-terminals: nothing but what lies below them.
    package let isBetween: Bool

    /// Takes `size` octets, which begin with room for the block's own address and the nodes.
    init(size: Int, nodeCount: Int, isBetween: Bool) {
        memory = .allocate(byteCount: size, alignment: Self.alignment)
        self.nodeCount = nodeCount
        self.isBetween = isBetween
        memory.storeBytes(of: Unmanaged.passUnretained(self), as: Unmanaged<RecordBlock>.self)
    }

    deinit { memory.deallocate() }

    /// What each part of a block is aligned to, in octets.
    static let alignment = 8

    /// Where the nodes begin, in octets.
    static let firstNode = MemoryLayout<Unmanaged<RecordBlock>>.stride

    /// The address of an octet of the block.
    func address(_ offset: Int) -> UnsafeMutableRawPointer { memory + offset }

    /// A name of the block, in the order they were added.
    func node(_ index: Int) -> ZoneNode {
        ZoneNode(UnsafePointer((memory + Self.firstNode).assumingMemoryBound(to: ZoneNode.Entry.self)) + index)
    }

    /// The block whose memory begins at an address.
    static func owner(ofMemory start: UnsafeRawPointer) -> Unmanaged<RecordBlock> { start.load(as: Unmanaged<RecordBlock>.self) }
}

extension RecordBlock {
    /// The names in the block, in the order they were added.
    package var names: [DomainName] { (0..<nodeCount).map { node($0).owner } }
}

// MARK: Addresses

/// An address of one of a block's names.
package struct NamedAddress: Sendable {
    package let isIPv4: Bool
    /// The address as a number.
    package let value: UInt128
    /// The name's place in the block.
    package let node: Int
    /// Whether it may be out of date.
    package let isHeld: Bool
}

extension RecordBlock {
    /// The addresses of all names right below another, as far as their RRsets have them, those of which each answer has one left out.
    /// O(records).
    package func addresses(rightBelow parent: DomainName) -> [NamedAddress] {
        var found: [NamedAddress] = []
        found.reserveCapacity(nodeCount)
        parent.octets.withUnsafeBytes { parent in
            for index in 0..<nodeCount where Self.isRightBelow(parent, node(index).name) { append(node(index), index, to: &found) }
        }
        return found
    }

    private static func isRightBelow(_ parent: UnsafeRawBufferPointer, _ name: UnsafeRawBufferPointer) -> Bool {
        let start = name.count - parent.count
        guard start > 0, let label = name.first, start == 1 + Int(label) else { return false }
        return name[start...].elementsEqual(parent)
    }

    private func append(_ node: ZoneNode, _ index: Int, to found: inout [NamedAddress]) {
        for place in 0..<node.count {
            let rrset = node[place]
            guard rrset.type == .a || rrset.type == .aaaa, !rrset.givesOne else { continue }
            let isIPv4 = rrset.type == .a
            for number in 0..<rrset.count {
                let data = rrset.octets + rrset.start(ofRecord: number) + EncodedRRset.headerLength
                let value =
                    isIPv4
                    ? UInt128(UInt32(bigEndian: data.loadUnaligned(as: UInt32.self)))
                    : UInt128(bigEndian: data.loadUnaligned(as: UInt128.self))
                found.append(NamedAddress(isIPv4: isIPv4, value: value, node: index, isHeld: rrset.isHeld))
            }
        }
    }

    /// Whether the first name is a service of which nothing is known.
    package var beginsWithUnknownService: Bool { nodeCount > 0 && node(0).isUnknownService }

    /// Calls a function with the wire form of the name at a place. Not generic, as generic code of other modules is slow.
    package func readName(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Void) { body(node(index).name) }

    /// Whether the name at a place is the one at a place of another block.
    package func hasName(_ index: Int, of other: RecordBlock, at otherIndex: Int) -> Bool {
        node(index).name.elementsEqual(other.node(otherIndex).name)
    }
}
