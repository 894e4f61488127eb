/// Reads the parts of a message of another server one after another (RFC 1035 §4.1); every length and pointer in it is judged.
package struct MessageReader {
    /// The octets are no message.
    package struct Malformed: Error { package init() {} }

    /// One resource record.
    package struct Record {
        /// Whose it is.
        package let owner: DomainName
        /// The type's number; 0, which is no type, for a record of another class than IN.
        package let type: Int
        /// Seconds; one with its first bit set is 0 (RFC 2181 §8).
        package let ttl: Int
        /// Where its data lies in the message.
        package let data: Range<Int>
    }

    /// Most pointers of a name: it has no more labels, and more would be a way to make names expensive.
    private static let mostPointers = 127

    /// The whole message.
    package let octets: [UInt8]
    private var offset = 0

    package init(_ octets: [UInt8]) { self.octets = octets }

    /// Reads a 16-bit number.
    package mutating func number() throws(Malformed) -> Int {
        let start = offset
        try skip(2)
        return Int(octets[start]) << 8 | Int(octets[start + 1])
    }

    /// Passes over so many octets.
    package mutating func skip(_ count: Int) throws(Malformed) {
        guard 0...(octets.count - offset) ~= count else { throw Malformed() }
        offset += count
    }

    /// Reads a record, whose data it leaves to be looked at.
    package mutating func record() throws(Malformed) -> Record {
        let owner = try name()
        let type = try number()
        let recordClass = try number()
        let ttl = try number() << 16 | number()
        let length = try number()
        let start = offset
        try skip(length)
        return Record(owner: owner, type: recordClass == 1 ? type : 0, ttl: ttl < 1 << 31 ? ttl : 0, data: start..<offset)
    }

    /// The name that begins at a place of the message.
    package func name(at start: Int) throws(Malformed) -> DomainName {
        var reader = self
        guard 0..<octets.count ~= start else { throw Malformed() }
        reader.offset = start
        return try reader.name()
    }

    /// Reads a name that may end in a pointer (RFC 1035 §4.1.4). Each pointer leads to before the place where the name, or its last part,
    /// began: so none goes round.
    package mutating func name() throws(Malformed) -> DomainName {
        var pointers = 0
        var labels: [ArraySlice<UInt8>] = []
        var length = 1
        var start = offset
        var end: Int?
        while true {
            let first = try octet()
            if first == 0 { break }
            if first >= 0xC0 {
                let target = (first & 0x3F) << 8 | (try octet())
                end = end ?? offset
                pointers += 1
                guard target < start, pointers <= Self.mostPointers else { throw Malformed() }
                (start, offset) = (target, target)
            } else {
                guard first <= DomainName.maximumLabelLength else { throw Malformed() }
                try skip(first)
                labels.append(octets[offset - first..<offset])
                length += 1 + first
                guard length <= DomainName.maximumLength else { throw Malformed() }
            }
        }
        offset = end ?? offset
        guard let name = DomainName(labels: labels) else { throw Malformed() }
        return name
    }

    private mutating func octet() throws(Malformed) -> Int {
        try skip(1)
        return Int(octets[offset - 1])
    }
}
