import DNSSecurity
import TestSupport

/// A TSIG record as octets, written out without the code under test (RFC 8945 §4.2).
struct TSIGOctets {
    var owner = QueryOctets.name("key.example")
    var recordClass = 255
    var ttl: [UInt8] = [0, 0, 0, 0]
    var algorithm = QueryOctets.name("hmac-sha256")
    var time = 1_000_000
    var mac = [UInt8](repeating: 1, count: 32)
    var macLength: Int?
    var originalID = 0x1234
    var other: [UInt8] = []
    var otherLength: Int?
    var behind: [UInt8] = []

    var record: [UInt8] {
        var data = algorithm + [0, 0] + QueryOctets.number(time >> 16) + QueryOctets.number(time) + [1, 44]
        data += QueryOctets.number(macLength ?? mac.count) + mac + QueryOctets.number(originalID) + [0, 0]
        data += QueryOctets.number(otherLength ?? other.count) + other + behind
        return owner + [0, 250] + QueryOctets.number(recordClass) + ttl + QueryOctets.number(data.count) + data
    }

    /// The record behind a query for a SOA record of `svc.local`.
    func query(behind: [UInt8] = [], additional: Int = 1) -> [UInt8] {
        QueryOctets.header(1, 0, 0, additional) + QueryOctets.question("svc.local", 6) + record + behind
    }
}

/// Where the tests' clocks stand, in seconds since 1970.
let now: UInt64 = 1_790_000_000

/// A key of the tests, the same for the same words.
func key(_ name: String = "key.example", _ algorithm: MACAlgorithm = .sha256, secret: UInt8 = 7) -> TransactionKey {
    TransactionKey(name: QueryOctets.name(name), algorithm: algorithm, secret: [UInt8](repeating: secret, count: 32))
}

/// A query for a SOA record, signed at some time.
func signedQuery(_ key: TransactionKey = key(), at time: UInt64 = now) -> (octets: [UInt8], mac: [UInt8]) {
    var octets = QueryOctets.query("svc.local", "SOA", opt: QueryOctets.opt())
    var signer = Signer(key: key)
    let mac = signer.sign(&octets, at: time)
    return (octets, mac)
}

/// The response to what remains of a query without its TSIG record: a header with some RCODE, and the question.
func response(to content: [UInt8], code: UInt8 = 0) -> [UInt8] {
    content[..<2] + [0x84, code, 0, 1, 0, 0, 0, 0, 0, 0] + QueryOctets.question("svc.local", 6)
}

/// The RCODE of the response to a request whose signature is not accepted: NOTAUTH.
let notAuthoritative: UInt8 = 9

extension RequestVerification {
    /// The verified request, if it is one.
    var verified: VerifiedRequest? { if case .verified(let request) = self { request } else { nil } }
    /// The refused request, if it is one.
    var refused: RefusedRequest? { if case .refused(let request) = self { request } else { nil } }
    var isMalformed: Bool { if case .malformed = self { true } else { false } }
    var isUnsigned: Bool { if case .unsigned = self { true } else { false } }
}
