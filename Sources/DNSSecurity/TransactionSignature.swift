/// What a TSIG record says is wrong with the request that it answers (RFC 8945 §3).
package enum SignatureError: UInt16, Sendable {
    /// BADSIG: the code is not that of the message.
    case badSignature = 16
    /// BADKEY: there is no such key, or not with this algorithm.
    case badKey = 17
    /// BADTIME: the time of signing is too far from the server's.
    case badTime = 18
    /// BADTRUNC: the code is right as far as it goes, but truncated.
    case badTruncation = 22
}

/// The fields of a TSIG record (RFC 8945 §4.2).
struct TransactionSignature: Hashable, Sendable {
    static let type: UInt16 = 250
    static let anyClass: UInt16 = 255
    /// The largest time that a record can hold, in seconds.
    static let largestTime: UInt64 = 1 << 48 - 1

    /// The name of the key, in wire form in lower case.
    var key: [UInt8]
    /// The name of the algorithm, in wire form in lower case.
    var algorithm: [UInt8]
    /// When the message was signed, in seconds since 1970.
    var time: UInt64
    /// Seconds that the receiver's clock may differ.
    var fudge: UInt16
    /// The message authentication code.
    var mac: [UInt8] = []
    /// The message's ID when it was signed: a forwarder may have changed it.
    var originalID: UInt16
    /// A `SignatureError` or 0.
    var error: UInt16 = 0
    /// The server's time in a record with BADTIME, else empty.
    var other: [UInt8] = []

    /// Octets of the record.
    var length: Int { key.count + 10 + dataLength }
    private var dataLength: Int { algorithm.count + 16 + mac.count + other.count }

    /// The whole record.
    var octets: [UInt8] {
        var octets = key
        octets.append(Self.type)
        octets.append(Self.anyClass)
        octets += [0, 0, 0, 0]
        octets.append(UInt16(truncatingIfNeeded: dataLength))
        octets += algorithm
        octets += timers
        octets.append(UInt16(truncatingIfNeeded: mac.count))
        octets += mac
        octets.append(originalID)
        octets += errorAndOther
        return octets
    }

    /// What a code is made from (RFC 8945 §4.3): what goes before, the message without its TSIG record, and fields of that record.
    func covered(_ message: [UInt8], after prior: PriorMAC) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(message.count + 2 * length + 80)
        if let mac = prior.mac {
            octets.append(UInt16(truncatingIfNeeded: mac.count))
            octets += mac
        }
        octets.append(originalID)
        octets += message.dropFirst(2)
        // Of later messages the timers alone are covered (RFC 8945 §5.3.1).
        if case .message = prior { return octets + timers }
        octets += key
        octets.append(Self.anyClass)
        octets += [0, 0, 0, 0]
        octets += algorithm
        octets += timers
        octets += errorAndOther
        return octets
    }

    /// The time of signing as six octets, then the fudge.
    private var timers: [UInt8] {
        var octets = Self.octets(ofTime: time)
        octets.append(fudge)
        return octets
    }

    private var errorAndOther: [UInt8] {
        var octets: [UInt8] = []
        octets.append(error)
        octets.append(UInt16(truncatingIfNeeded: other.count))
        return octets + other
    }

    /// A time as six octets.
    static func octets(ofTime time: UInt64) -> [UInt8] {
        stride(from: 40, through: 0, by: -8).map { UInt8(truncatingIfNeeded: time >> $0) }
    }
}

/// The code that a message's own depends on.
enum PriorMAC: Hashable, Sendable {
    /// A request depends on none.
    case none
    /// The first message of a response depends on its request's (RFC 8945 §5.3).
    case request([UInt8])
    /// Each further message of a response depends on that of the one before (RFC 8945 §5.3.1).
    case message([UInt8])

    fileprivate var mac: [UInt8]? {
        switch self {
        case .none: nil
        case .request(let mac), .message(let mac): mac
        }
    }
}

extension [UInt8] {
    /// Appends a number in network order.
    mutating func append(_ number: UInt16) {
        append(UInt8(truncatingIfNeeded: number >> 8))
        append(UInt8(truncatingIfNeeded: number))
    }
}
