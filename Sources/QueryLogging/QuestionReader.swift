/// What a query says, read again for the record: the responder's own view of it is gone by then. Never reads beyond the message.
struct QuestionReader {
    let id: Int
    let opcode: Int
    /// QNAME in wire form; nil if there is no question that can be read, and then type and class are 0.
    private(set) var name: UnsafeRawBufferPointer?
    private(set) var type = 0
    private(set) var recordClass = 0
    /// DO.
    private(set) var wantsSecurity = false
    /// The size that an OPT record right behind the question gives; without one 512 (RFC 1035 §4.2.1).
    private(set) var payloadSize = 512

    private static let headerLength = 12
    /// Most octets of a name (RFC 1035 §2.3.4).
    private static let longestName = 255
    private static let opt = 41

    /// Reads a message of any octets.
    init(_ message: UnsafeRawBufferPointer) {
        func number(_ offset: Int) -> Int { offset + 2 <= message.count ? Int(message[offset]) << 8 | Int(message[offset + 1]) : 0 }
        id = number(0)
        opcode = number(2) >> 11 & 15
        guard message.count >= Self.headerLength, number(4) > 0, let end = Self.endOfName(message), end + 4 <= message.count else { return }
        name = UnsafeRawBufferPointer(rebasing: message[Self.headerLength..<end])
        type = number(end)
        recordClass = number(end + 2)
        let record = end + 4
        guard number(4) == 1, number(6) == 0, number(8) == 0, number(10) > 0, record + 11 <= message.count, message[record] == 0,
            number(record + 1) == Self.opt
        else { return }
        payloadSize = number(record + 3)
        wantsSecurity = number(record + 7) & 0x8000 != 0
    }

    /// Where the name behind the header ends; nil if it is none, or compressed, which it has no reason to be.
    private static func endOfName(_ message: UnsafeRawBufferPointer) -> Int? {
        var position = headerLength
        while position < message.count, position - headerLength < longestName {
            let length = Int(message[position])
            guard length < 64 else { return nil }
            position += 1 + length
            if length == 0 { return position - headerLength <= longestName ? position : nil }
        }
        return nil
    }
}

extension UnsafeRawPointer {
    /// The 16-bit number in network order at an offset.
    func networkOrder16(at offset: Int) -> UInt16 { UInt16(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self)) }
}
