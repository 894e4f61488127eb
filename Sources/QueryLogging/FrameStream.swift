/// Frame Streams, the framing of dnstap over a socket: data behind its length, and control frames, which a length of zero announces.
enum FrameStream {
    /// What a receiver must accept.
    static let contentType = "protobuf:dnstap.Dnstap"
    /// Most octets of a control frame.
    static let longestControl = 512

    /// The control frames; the writer sends READY, START, STOP, the receiver ACCEPT and FINISH.
    enum Control: UInt32 {
        case accept = 1
        case start = 2
        case stop = 3
        case ready = 4
        case finish = 5

        /// The frame's octets, with the content type where the frame has one.
        var octets: [UInt8] {
            var content = FrameStream.number(rawValue)
            if self != .stop, self != .finish {
                let type = Array(FrameStream.contentType.utf8)
                content += FrameStream.number(FrameStream.contentTypeField) + FrameStream.number(UInt32(type.count)) + type
            }
            return FrameStream.number(0) + FrameStream.number(UInt32(content.count)) + content
        }
    }

    /// The only kind of field.
    private static let contentTypeField: UInt32 = 1

    /// A 32-bit number in network order.
    static func number(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

    /// Why a receiver cannot be served: what it sends is no control frame, or it wants something else.
    struct Violation: Error, Equatable { let reason: String }

    /// Collects what a receiver sends, a control frame at most, and reads it.
    struct ControlReader {
        private var octets: [UInt8] = []

        /// Octets that may come until the frame is whole.
        var room: Int { max(0, 8 + FrameStream.longestControl - octets.count) }

        /// Adds octets that have come.
        mutating func add(_ more: some Sequence<UInt8>) { octets += more }

        /// The frame that has come and whether it accepts our content type; nil if it is not whole yet. Octets behind it stay.
        mutating func next() throws(Violation) -> (control: Control, acceptsContentType: Bool)? {
            guard octets.count >= 8 else { return nil }
            guard number(at: 0) == 0 else { throw Violation(reason: "it sends data") }
            let length = Int(number(at: 4))
            guard 4...FrameStream.longestControl ~= length else { throw Violation(reason: "a control frame of \(length) octets") }
            guard octets.count >= 8 + length else { return nil }
            guard let control = Control(rawValue: number(at: 8)) else { throw Violation(reason: "an unknown control frame") }
            let types = try contentTypes(12..<8 + length)
            octets.removeFirst(8 + length)
            return (control, types.isEmpty || types.contains { $0.elementsEqual(FrameStream.contentType.utf8) })
        }

        /// The content types in a frame's fields. A frame without any takes every type.
        private func contentTypes(_ fields: Range<Int>) throws(Violation) -> [ArraySlice<UInt8>] {
            var types: [ArraySlice<UInt8>] = []
            var position = fields.lowerBound
            while position < fields.upperBound {
                guard fields.upperBound - position >= 8, number(at: position) == FrameStream.contentTypeField else {
                    throw Violation(reason: "an unknown field in a control frame")
                }
                let length = Int(number(at: position + 4))
                guard length <= fields.upperBound - position - 8 else { throw Violation(reason: "a field that is longer than its frame") }
                types.append(octets[position + 8..<position + 8 + length])
                position += 8 + length
            }
            return types
        }

        private func number(at offset: Int) -> UInt32 { octets[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) } }
    }
}
