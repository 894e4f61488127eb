/// Signs requests, or the messages of one response, one after another.
package struct Signer: Sendable {
    /// Seconds that the receiver's clock may differ (RFC 8945 §10 recommends it).
    static let fudge: UInt16 = 300

    /// The record that each message gets, without its code.
    private var template: TransactionSignature
    /// What to sign with; nil where the record has no code, in response to a wrong key or code (RFC 8945 §5.3.2).
    private let key: TransactionKey?
    private var prior: PriorMAC
    /// The time of the request, which a response with BADTIME repeats so that its receiver finds that time right (RFC 8945 §5.2.3).
    private var repeatsTime = false

    /// Signs requests, each by itself.
    package init(key: TransactionKey) {
        self.init(key: key, prior: .none)
    }

    /// Signs the messages of the response to a request with a code that is right.
    init(key: TransactionKey, requestMAC: [UInt8]) {
        self.init(key: key, prior: .request(requestMAC))
    }

    private init(key: TransactionKey, prior: PriorMAC) {
        (self.key, self.prior) = (key, prior)
        template = TransactionSignature(key: key.name, algorithm: key.algorithm.name, time: 0, fudge: Self.fudge, originalID: 0)
    }

    /// Marks the response to a request whose key is not known or whose code is wrong: its record has no code.
    init(unsigned error: SignatureError, to request: TransactionSignature) {
        (key, prior) = (nil, .none)
        template = TransactionSignature(
            key: request.key, algorithm: request.algorithm, time: 0, fudge: Self.fudge, originalID: 0, error: error.rawValue)
    }

    /// Signs the response to a request whose time or truncation is wrong.
    init(_ error: SignatureError, to request: TransactionSignature, key: TransactionKey, at time: UInt64) {
        self.init(key: key, requestMAC: request.mac)
        template.error = error.rawValue
        guard error == .badTime else { return }
        (template.time, template.fudge, repeatsTime) = (request.time, request.fudge, true)
        template.other = TransactionSignature.octets(ofTime: time)
    }

    /// Octets that a signature adds to a message.
    package var length: Int { template.length + (key?.algorithm.length ?? 0) }

    /// Adds a TSIG record to a message that has none, at a time in seconds since 1970; gives its code, on which that of the response depends.
    /// A message that has no whole header stays as it is.
    @discardableResult
    package mutating func sign(_ message: inout [UInt8], at time: UInt64) -> [UInt8] {
        guard message.count >= 12 else { return [] }
        var signature = template
        if !repeatsTime { signature.time = min(time, TransactionSignature.largestTime) }
        signature.originalID = UInt16(message[0]) << 8 | UInt16(message[1])
        if let key {
            signature.mac = key.algorithm.code(of: signature.covered(message, after: prior), secret: key.secret)
            if prior != .none { prior = .message(signature.mac) }
        }
        message.countAdditional((UInt16(message[10]) << 8 | UInt16(message[11])) &+ 1)
        message += signature.octets
        return signature.mac
    }
}
