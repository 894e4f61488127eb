/// Numbers and texts one after another, numbers in network order, texts behind their length in four octets.
struct OctetWriter {
    private(set) var octets: [UInt8] = []

    mutating func write(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { octets.append(contentsOf: $0) }
    }

    mutating func write(_ text: String) {
        write(UInt32(clamping: text.utf8.count))
        octets.append(contentsOf: text.utf8)
    }

    mutating func write(raw other: some Sequence<UInt8>) { octets.append(contentsOf: other) }
}

/// Reads what `OctetWriter` has written; every length is a lie until there are so many octets.
struct OctetReader {
    /// There are fewer octets, or others, than there must be.
    struct Failure: Error {}

    private let octets: ArraySlice<UInt8>
    private var position: Int

    init(_ octets: ArraySlice<UInt8>) {
        self.octets = octets
        position = octets.startIndex
    }

    /// Whether all has been read.
    var isAtEnd: Bool { position == octets.endIndex }

    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type) throws(Failure) -> Number {
        try raw(Number.bitWidth / 8).reduce(0) { $0 << 8 | Number($1) }
    }

    mutating func text() throws(Failure) -> String {
        guard let text = String(validating: try raw(Int(number(UInt32.self))), as: UTF8.self) else { throw Failure() }
        return text
    }

    private mutating func raw(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
        guard count <= octets.endIndex - position else { throw Failure() }
        defer { position += count }
        return octets[position..<position + count]
    }
}
