import Glibc

/// Octets that wait to be written to a descriptor, of bounded number: what a reader does not take in time finds no room.
struct OutgoingOctets: ~Copyable {
    private let memory: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0

    /// What has come of writing.
    enum Outcome: Equatable {
        /// All is written.
        case done
        /// The descriptor takes no more now.
        case isBlocked
        /// The C library's number for why the descriptor takes nothing.
        case failed(Int32)
    }

    /// `capacity`: most octets that wait. Half as many more are allocated, so that they are moved rarely.
    init(capacity: Int) {
        memory = .allocate(byteCount: capacity + capacity / 2, alignment: 64)
    }

    deinit { memory.deallocate() }

    /// Whether the first octet that waits follows one that was written, rather than a line's end.
    private(set) var isCutShort = false

    /// Octets that wait.
    var count: Int { end - start }
    var isEmpty: Bool { start == end }
    private var capacity: Int { memory.count / 3 * 2 }

    /// Adds octets; false, and none of them, if there is no room.
    mutating func add(_ octets: borrowing [UInt8]) -> Bool {
        guard octets.count <= capacity - count else { return false }
        if octets.count > memory.count - end { moveToFront() }
        octets.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: memory[end...]).copyMemory(from: $0) }
        end += octets.count
        return true
    }

    private mutating func moveToFront() {
        let waiting = UnsafeRawBufferPointer(rebasing: memory[start..<end])
        memory.copyMemory(from: waiting)
        (start, end) = (0, waiting.count)
    }

    /// Drops all.
    mutating func clear() { (start, end, isCutShort) = (0, 0, false) }

    /// Drops octets up to and including the next one of this value; false if there is none.
    mutating func drop(through octet: UInt8) -> Bool {
        guard let index = memory[start..<end].firstIndex(of: octet) else { return false }
        (start, isCutShort) = (index + 1, false)
        return true
    }

    /// How often an octet occurs in those that wait.
    func occurrences(of octet: UInt8) -> Int { memory[start..<end].reduce(0) { $0 + ($1 == octet ? 1 : 0) } }

    /// Writes what waits, `write` being the C function of that name or `send`, as far as the descriptor takes it without waiting.
    mutating func write(_ write: (UnsafeRawBufferPointer) -> Int) -> Outcome {
        while start < end {
            let written = write(UnsafeRawBufferPointer(rebasing: memory[start..<end]))
            if written > 0 {
                start += min(written, end - start)
                isCutShort = memory[start - 1] != UInt8(ascii: "\n")
            } else if written == 0 || errno == EAGAIN {
                return .isBlocked
            } else if errno != EINTR {
                return .failed(errno)
            }
        }
        clear()
        return .done
    }
}
