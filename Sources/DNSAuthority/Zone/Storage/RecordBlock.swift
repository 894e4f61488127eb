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
