/// A key that server cookies are made and checked with: sixteen octets.
package struct CookieSecret: Hashable, Sendable {
    fileprivate let words: SIMD2<UInt64>

    /// A key that no other server has.
    package static func random() -> CookieSecret { CookieSecret(words: SIMD2(.random(in: 0 ... .max), .random(in: 0 ... .max))) }

    private init(words: SIMD2<UInt64>) { self.words = words }

    /// 32 hexadecimal digits; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 32, text.utf8.count == 32 else { return nil }
        func word(_ first: Int) -> UInt64 {
            (0..<8).reduce(0) { word, octet in
                let place = first + 2 * octet
                return word | UInt64(digits[place] << 4 | digits[place + 1]) << UInt64(8 * octet)
            }
        }
        words = SIMD2(word(0), word(16))
    }
}

/// The COOKIE option of a query (RFC 7873 §4).
struct CookieOption {
    /// The code of the option.
    static let code: UInt16 = 10
    /// Octets of the option in a response: code, length, the client's cookie, ours.
    static let responseLength = 28
    /// Octets of a client's cookie.
    private static let clientLength = 8

    /// The client's cookie. Like all words here it is read and written in the order of little-endian.
    let client: UInt64
    /// The server cookie that the client has; nil if it has none, or one that no server of ours has made.
    let server: ServerCookie?
    /// Whether the client has a server cookie, of any form.
    let hasServer: Bool

    /// Whether an option may have so many octets: a client's cookie, and a server's of 8 to 32 octets if there is one.
    static func isWellFormed(length: Int) -> Bool { length == 8 || 16...40 ~= length }

    /// Octets of the data of a query's option, as they stand in front of it.
    static func length(in message: UnsafeRawPointer, of edns: EDNS) -> Int {
        Int(UInt16(bigEndian: message.loadUnaligned(fromByteOffset: Int(edns.cookieStart) - 2, as: UInt16.self)))
    }

    /// Reads a well-formed option whose data begin at `start` and have so many octets.
    init(_ start: UnsafeRawPointer, length: Int) {
        client = Self.word(start, 0)
        hasServer = length > Self.clientLength
        server =
            length == Self.clientLength + ServerCookie.length
            ? ServerCookie(head: Self.word(start, 8), hash: Self.word(start, 16)) : nil
    }

    /// Writes the option of a response with a server cookie.
    func write(_ cookie: ServerCookie, to memory: UnsafeMutableRawPointer) {
        let header = UInt32(Self.code) << 16 | UInt32(Self.responseLength - 4)
        memory.storeBytes(of: header.bigEndian, as: UInt32.self)
        memory.storeBytes(of: client.littleEndian, toByteOffset: 4, as: UInt64.self)
        memory.storeBytes(of: cookie.head.littleEndian, toByteOffset: 12, as: UInt64.self)
        memory.storeBytes(of: cookie.hash.littleEndian, toByteOffset: 20, as: UInt64.self)
    }

    private static func word(_ start: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

/// A server cookie of version 1 (RFC 9018 §4.1): sixteen octets.
struct ServerCookie {
    static let length = 16
    /// The only version there is.
    private static let version: UInt8 = 1
    /// How old a cookie may be, how far ahead of our time it may be, and from which age on the client gets another one, in seconds
    /// (RFC 9018 §4.3).
    private static let longestAge: Int32 = 3600
    private static let farthestAhead: Int32 = 300
    private static let renewalAge: Int32 = 1800

    /// The version, three octets that are reserved, and the time.
    let head: UInt64
    let hash: UInt64

    init(head: UInt64, hash: UInt64) { (self.head, self.hash) = (head, hash) }

    /// A cookie for a client at a time.
    init(for client: ClientAddress, _ clientCookie: UInt64, at seconds: UInt32, _ secret: CookieSecret) {
        head = UInt64(Self.version) | UInt64(seconds.byteSwapped) << 32
        hash = Self.hash(clientCookie, head, client, secret)
    }

    /// What a server cookie that a client has sent is worth.
    enum Worth {
        /// We made it for this client: it does not forge its address. `isFresh`: the client may keep it.
        case valid(isFresh: Bool)
        /// We did not make it, or not for this client, or too long ago.
        case invalid
    }

    /// Judges a cookie by the keys that are accepted, at a time. A cookie of a key that is not the first is not fresh.
    func worth(
        for client: ClientAddress, _ clientCookie: UInt64, at seconds: UInt32, _ secrets: UnsafeMutableBufferPointer<CookieSecret>
    ) -> Worth {
        guard UInt8(truncatingIfNeeded: head) == Self.version else { return .invalid }
        // Serial number arithmetic (RFC 1982): the time comes round.
        let age = Int32(bitPattern: seconds &- UInt32(truncatingIfNeeded: head >> 32).byteSwapped)
        guard -Self.farthestAhead...Self.longestAge ~= age else { return .invalid }
        for index in 0..<secrets.count where Self.hash(clientCookie, head, client, secrets[index]) == hash {
            return .valid(isFresh: index == 0 && age <= Self.renewalAge)
        }
        return .invalid
    }

    private static func hash(_ clientCookie: UInt64, _ head: UInt64, _ client: ClientAddress, _ secret: CookieSecret) -> UInt64 {
        var hash = SipHash(secret.words[0], secret.words[1])
        hash.add(clientCookie)
        hash.add(head)
        let address = client.number
        if let ipv4 = ClientAddress.ipv4(of: address) { return hash.finish(UInt64(ipv4.byteSwapped), length: 20) }
        hash.add(UInt64(truncatingIfNeeded: address >> 64).byteSwapped)
        hash.add(UInt64(truncatingIfNeeded: address).byteSwapped)
        return hash.finish(0, length: 32)
    }
}
