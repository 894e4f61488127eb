/// Some names of a zone with all their RRsets in one allocation that never changes.
///
/// Names that change together, such as all names of one service, share a block; zones share the blocks that did not change.
///
/// Sendable although it holds pointers: nothing writes to the memory once the builder has handed the block out.
package final class RecordBlock: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    let nodeCount: Int

    /// Takes `size` octets, which begin with room for the nodes.
    init(size: Int, nodeCount: Int) {
        memory = .allocate(byteCount: max(size, 1), alignment: Self.alignment)
        self.nodeCount = nodeCount
    }

    deinit { memory.deallocate() }

    /// What each part of a block is aligned to, in octets; names are compared eight octets at a time.
    static let alignment = 8

    /// The address of an octet of the block.
    func address(_ offset: Int) -> UnsafeMutableRawPointer { memory + offset }

    /// A name of the block, in the order they were added.
    func node(_ index: Int) -> UnsafePointer<ZoneNode> {
        UnsafePointer(memory.assumingMemoryBound(to: ZoneNode.self)) + index
    }
}

extension RecordBlock {
    /// The names in the block, in the order they were added.
    package var names: [DomainName] {
        (0..<nodeCount).map { index in
            let node = node(index).pointee
            return DomainName(wire: UnsafeRawBufferPointer(start: node.name, count: Int(node.nameLength)))
        }
    }
}
