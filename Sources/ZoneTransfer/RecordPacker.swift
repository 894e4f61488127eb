import DNSAuthority
import Glibc

/// A message that records are packed into, their names compressed (RFC 1035 §4.1.4, RFC 3597 §4).
///
/// The names that the message has form a tree: a label is known by where it stands and by where the rest of its name stands. So a name is
/// looked for from the root on, one look for each label, and no pointer is followed.
struct RecordPacker: ~Copyable {
    /// A label of the message.
    private struct Label {
        /// Where it stands; 0 for no label.
        var offset: UInt16 = 0
        /// Where the rest of its name stands; 0 for the root.
        var parent: UInt16 = 0
    }

    /// Most octets of a message, so that all labels can be pointed to; only a record that is larger has a larger message.
    static let preferredLength = 16 << 10
    /// Most octets of any message over TCP (RFC 1035 §4.2.2).
    private static let longest = Int(UInt16.max)
    /// The highest place that can be pointed to.
    private static let lastReachable = 0x3FFF
    /// Places in the table of labels, a power of two, and most labels in it.
    private static let places = 2048
    private static let mostLabels = 1536

    private let memory = UnsafeMutableRawPointer.allocate(byteCount: Self.longest, alignment: 8)
    private let labels = UnsafeMutablePointer<Label>.allocate(capacity: Self.places)
    /// Where the labels of the name begin that is written.
    private let starts = UnsafeMutablePointer<UInt8>.allocate(capacity: DomainName.maximumLength)
    /// The owner of the last record, and where it stands, 0 for nowhere: most often the next has the same.
    private let owner = UnsafeMutableRawPointer.allocate(byteCount: DomainName.maximumLength, alignment: 1)
    private var ownerLength = 0
    private var ownerPlace = 0
    private var length = 0
    private var labelCount = 0
    private var recordCount = 0
    /// Octets that are kept for what follows the records.
    private var reserved = 0

    deinit {
        memory.deallocate()
        labels.deallocate()
        starts.deallocate()
        owner.deallocate()
    }

    /// Begins a message with a header and perhaps a question, leaving room for so many octets behind the records. `origin`: the question's name
    /// if others may point to it.
    mutating func begin(with beginning: [UInt8], origin: [UInt8]?, reserving reserved: Int) {
        labels.update(repeating: Label(), count: Self.places)
        length = min(beginning.count, Self.longest)
        UnsafeMutableRawBufferPointer(start: memory, count: length).copyBytes(from: beginning.prefix(length))
        (labelCount, recordCount, ownerLength, ownerPlace, self.reserved) = (0, 0, 0, 0, reserved)
        origin?.withUnsafeBytes { name in
            let count = findLabels(of: name)
            add(count, at: 12, parent: 0)
        }
    }

    /// Adds a record; false if it does not fit.
    mutating func add(_ record: RawRecord) -> Bool {
        let most = recordCount == 0 ? Self.longest : Self.preferredLength
        // As if no name were known, so that nothing must be taken back.
        guard record.octets.count <= most - reserved - length else { return false }
        writeOwner(record.owner)
        copy(record.header)
        let lengthPlace = length
        length += 2
        write(record.data, ofType: record.type)
        store(length - lengthPlace - 2, at: lengthPlace)
        recordCount += 1
        return true
    }

    /// Whether the message has no record.
    var isEmpty: Bool { recordCount == 0 }

    /// The message with its count of answers.
    var octets: [UInt8] {
        store(recordCount, at: 6)
        return [UInt8](UnsafeRawBufferPointer(start: memory, count: length))
    }

    private func store(_ number: Int, at offset: Int) {
        memory.storeBytes(of: UInt16(truncatingIfNeeded: number).bigEndian, toByteOffset: offset, as: UInt16.self)
    }

    private mutating func copy(_ octets: UnsafeRawBufferPointer) {
        guard let start = octets.baseAddress else { return }
        (memory + length).copyMemory(from: start, byteCount: octets.count)
        length += octets.count
    }
}

// MARK: Names

extension RecordPacker {
    private mutating func writeOwner(_ name: UnsafeRawBufferPointer) {
        guard let start = name.baseAddress else { return }
        if name.count == ownerLength, ownerPlace != 0, memcmp(start, owner, ownerLength) == 0 { return writePointer(to: ownerPlace) }
        let place = write(name)
        owner.copyMemory(from: start, byteCount: name.count)
        (ownerLength, ownerPlace) = (name.count, place)
    }

    /// Writes RDATA; names in it are compressed for those types alone of which every server knows that they have names (RFC 3597 §4).
    private mutating func write(_ data: UnsafeRawBufferPointer, ofType type: Int) {
        let (before, names) =
            switch type {
            case 2, 5, 12: (0, 1)
            case 6: (0, 2)
            case 15: (2, 1)
            default: (0, 0)
            }
        var rest = data
        guard rest.count >= before else { return copy(rest) }
        copy(UnsafeRawBufferPointer(rebasing: rest.prefix(before)))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(before))
        for _ in 0..<names {
            guard let count = RawRecord.nameLength(atStartOf: rest) else { break }
            _ = write(UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
        copy(rest)
    }

    /// Writes a name: those of its labels that are not known, then a pointer to the rest. Returns where the name can be pointed to, 0 for nowhere.
    private mutating func write(_ name: UnsafeRawBufferPointer) -> Int {
        var (new, parent) = (findLabels(of: name), 0)
        let all = new
        while new > 0, let known = place(of: name, Int(starts[new - 1]), parent) {
            parent = known
            new -= 1
        }
        let count = new == all ? name.count - 1 : Int(starts[new])
        let start = length
        copy(UnsafeRawBufferPointer(rebasing: name.prefix(count)))
        if parent == 0 {
            memory.storeBytes(of: 0, toByteOffset: length, as: UInt8.self)
            length += 1
        } else {
            writePointer(to: parent)
        }
        add(new, at: start, parent: parent)
        if new == 0 { return parent }
        return start <= Self.lastReachable ? start : 0
    }

    private mutating func writePointer(to place: Int) {
        store(0xC000 | place, at: length)
        length += 2
    }

    /// Notes where the labels of a name begin; returns how many there are.
    private func findLabels(of name: UnsafeRawBufferPointer) -> Int {
        var (count, offset) = (0, 0)
        while offset < name.count - 1 {
            starts[count] = UInt8(truncatingIfNeeded: offset)
            count += 1
            offset += 1 + Int(name[offset])
        }
        return count
    }

    /// Where a label of a name stands in the message with this rest behind it; nil if it does not.
    private func place(of name: UnsafeRawBufferPointer, _ start: Int, _ parent: Int) -> Int? {
        guard let label = name.baseAddress.map({ $0 + start }) else { return nil }
        let octets = UnsafeRawBufferPointer(start: label, count: 1 + Int(name[start]))
        var index = Self.index(of: octets, parent)
        while labels[index].offset != 0 {
            let known = labels[index]
            if known.parent == parent, memcmp(label, memory + Int(known.offset), octets.count) == 0 { return Int(known.offset) }
            index = (index + 1) & (Self.places - 1)
        }
        return nil
    }

    /// Adds the first labels of the name that was looked at last, which stand one behind the other at an offset of the message.
    private mutating func add(_ count: Int, at offset: Int, parent: Int) {
        var parent = parent
        for number in stride(from: count - 1, through: 0, by: -1) {
            let place = offset + Int(starts[number])
            guard place <= Self.lastReachable, labelCount < Self.mostLabels else { return }
            let octets = UnsafeRawBufferPointer(start: memory + place, count: 1 + Int((memory + place).load(as: UInt8.self)))
            var index = Self.index(of: octets, parent)
            while labels[index].offset != 0 { index = (index + 1) & (Self.places - 1) }
            labels[index] = Label(offset: UInt16(truncatingIfNeeded: place), parent: UInt16(truncatingIfNeeded: parent))
            labelCount += 1
            parent = place
        }
    }

    /// The first place in the table of a label.
    private static func index(of label: UnsafeRawBufferPointer, _ parent: Int) -> Int {
        var hash = UInt64(truncatingIfNeeded: parent) &+ 0x9E37_79B9_7F4A_7C15
        for octet in label { hash = (hash ^ UInt64(octet)) &* 0x0000_0100_0000_01B3 }
        return Int(truncatingIfNeeded: hash ^ hash >> 29) & (places - 1)
    }
}
