/// A message cannot be read, or has a TSIG record that RFC 8945 forbids; answered with FORMERR.
struct MalformedMessage: Error {}

/// A message taken apart: its TSIG record, and all that goes before it.
struct SignedMessage {
    /// The message without its TSIG record, which the count of additional records leaves out too. The ID is the one that came.
    let content: [UInt8]
    let signature: TransactionSignature

    /// Takes any octets apart; nil if they are a message without a TSIG record. Octets behind the last record are an error: no code would
    /// cover them.
    init?(_ octets: [UInt8]) throws(MalformedMessage) {
        var reader = SignedMessageReader(octets: octets)
        try reader.skip(4)
        let questions = try reader.uint16()
        let others = try Int(reader.uint16()) + Int(reader.uint16())
        let additional = try reader.uint16()
        for _ in 0..<questions {
            try reader.skipName()
            try reader.skip(4)
        }
        let count = others + Int(additional)
        var found: (start: Int, signature: TransactionSignature)?
        for index in 0..<count {
            let start = reader.offset
            guard let signature = try reader.record() else { continue }
            guard additional > 0, index == count - 1 else { throw MalformedMessage() }
            found = (start, signature)
        }
        guard reader.offset == octets.count else { throw MalformedMessage() }
        guard let found else { return nil }
        var content = Array(octets[..<found.start])
        content.countAdditional(additional &- 1)
        (self.content, signature) = (content, found.signature)
    }

    /// What is wrong with the signature, if anything (RFC 8945 §5.2.2–5.2.4). A code whose length is not allowed makes the message malformed.
    func judge(by key: TransactionKey, after prior: PriorMAC, at time: UInt64) throws(MalformedMessage) -> SignatureError? {
        let (mac, algorithm) = (signature.mac, key.algorithm)
        guard max(10, algorithm.length / 2)...algorithm.length ~= mac.count else { throw MalformedMessage() }
        let covered = signature.covered(content, after: prior)
        var whole = mac
        // A truncated code is made whole with ours, so that one comparison, in constant time, is enough.
        if mac.count < algorithm.length { whole += algorithm.code(of: covered, secret: key.secret).dropFirst(mac.count) }
        guard algorithm.isValid(whole, of: covered, secret: key.secret) else { return .badSignature }
        let difference = max(time, signature.time) - min(time, signature.time)
        guard difference <= UInt64(signature.fudge) else { return .badTime }
        return mac.count < algorithm.length ? .badTruncation : nil
    }
}

/// Reads an unchecked message from its start.
private struct SignedMessageReader {
    let octets: [UInt8]
    private(set) var offset = 0

    init(octets: [UInt8]) { self.octets = octets }

    mutating func skip(_ count: Int) throws(MalformedMessage) {
        guard octets.count - offset >= count else { throw MalformedMessage() }
        offset += count
    }

    mutating func bytes(_ count: Int) throws(MalformedMessage) -> ArraySlice<UInt8> {
        let start = offset
        try skip(count)
        return octets[start..<offset]
    }

    mutating func uint16() throws(MalformedMessage) -> UInt16 {
        try bytes(2).reduce(0) { $0 << 8 | UInt16($1) }
    }

    /// Goes behind a name; a pointer, which ends it, is not followed.
    mutating func skipName() throws(MalformedMessage) {
        while true {
            let length = try label()
            if length == 0 { return }
            try skip(length < 64 ? length : 1)
            if length >= 64 { return }
        }
    }

    /// A name in lower case whose pointers, if it may have any, are followed. Each leads to before the labels it stands behind, so that
    /// there is an end.
    mutating func name(allowsPointers: Bool) throws(MalformedMessage) -> [UInt8] {
        var name: [UInt8] = []
        var reader = self
        var (segment, end) = (offset, nil as Int?)
        while true {
            let length = try reader.label()
            if length >= 64 {
                guard allowsPointers else { throw MalformedMessage() }
                let target = try (length & 63) << 8 | Int(reader.bytes(1).first ?? 0)
                guard target < segment else { throw MalformedMessage() }
                end = end ?? reader.offset
                (segment, reader.offset) = (target, target)
                continue
            }
            name.append(UInt8(truncatingIfNeeded: length))
            name += try reader.bytes(length).map(KeyName.lowercase)
            guard name.count <= 255 else { throw MalformedMessage() }
            if length == 0 { break }
        }
        offset = end ?? reader.offset
        return name
    }

    /// The length of a label, or the first octet of a pointer, which is 192 or more.
    private mutating func label() throws(MalformedMessage) -> Int {
        let octet = try bytes(1).first ?? 0
        guard octet < 64 || octet >= 192 else { throw MalformedMessage() }
        return Int(octet)
    }

    /// Goes behind a record; gives its fields if its type is TSIG.
    mutating func record() throws(MalformedMessage) -> TransactionSignature? {
        let start = offset
        try skipName()
        guard try uint16() == TransactionSignature.type else {
            try skip(6)
            try skip(Int(uint16()))
            return nil
        }
        guard try uint16() == TransactionSignature.anyClass, try bytes(4).allSatisfy({ $0 == 0 }) else { throw MalformedMessage() }
        let length = try Int(uint16())
        let end = offset + length
        // The owner's pointers are followed as BIND does; the algorithm's name has none (RFC 8945 §4.2).
        var owner = self
        owner.offset = start
        let key = try owner.name(allowsPointers: true)
        let signature = try self.signature(key)
        guard offset == end else { throw MalformedMessage() }
        return signature
    }

    private mutating func signature(_ key: [UInt8]) throws(MalformedMessage) -> TransactionSignature {
        let algorithm = try name(allowsPointers: false)
        let time = try bytes(6).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        let fudge = try uint16()
        let mac = try Array(bytes(Int(uint16())))
        let originalID = try uint16()
        let error = try uint16()
        let other = try Array(bytes(Int(uint16())))
        return TransactionSignature(
            key: key, algorithm: algorithm, time: time, fudge: fudge, mac: mac, originalID: originalID, error: error, other: other)
    }
}

extension [UInt8] {
    /// Sets the number of additional records in the header of a message of at least twelve octets.
    mutating func countAdditional(_ count: UInt16) {
        self[10] = UInt8(truncatingIfNeeded: count >> 8)
        self[11] = UInt8(truncatingIfNeeded: count)
    }
}
