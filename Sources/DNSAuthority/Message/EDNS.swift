/// The largest UDP response a client says it can take, in octets: never below 512.
package struct UDPPayloadSize {
    let octets: Int

    /// Values below 512 mean 512 (RFC 6891 §6.2.3).
    init(advertised: UInt16) { octets = max(Int(advertised), Self.withoutEDNS) }

    /// The most that we send: never below 512 either.
    init(limit: Int) { octets = min(max(limit, Self.withoutEDNS), Self.longest) }

    /// What IPv4 can carry in one datagram: 65,535 octets less the headers of IP and UDP. IPv6 carries a little more.
    package static let longest = 65_507

    /// What every client takes (RFC 1035 §4.2.1).
    package static let withoutEDNS = 512
    /// Octets our UDP responses keep to so that no router has to fragment them (DNS Flag Day 2020, RFC 9715 §3.1).
    package static let unfragmented = 1232
}

/// What the OPT record of a query says (RFC 6891 §6.1).
struct EDNS {
    let payloadSize: UDPPayloadSize
    let version: UInt8
    /// DO: the client wants DNSSEC records (RFC 3225 §3); copied into the response.
    let wantsSecurity: Bool

    /// Octets of an OPT record without options.
    static let recordLength = 11
    /// Octets that an extended error without text adds to it (RFC 8914 §2).
    static let extendedErrorLength = 6
    /// The only version there is.
    static let version: UInt8 = 0
    /// The option that carries extended errors (RFC 8914 §2).
    static let extendedErrorOption: UInt16 = 15
}

/// Why an answer is what it is, beyond its response code (RFC 8914 §4).
package enum ExtendedError: UInt16, Sendable {
    /// The answer is from a registry that cannot be asked at present, or holds a provider that has vanished.
    case staleAnswer = 3
    /// The registry has not been read yet.
    case notReady = 14
    /// This client or operation is not allowed.
    case prohibited = 18
    /// As `staleAnswer`, for a name that does not exist.
    case staleNameError = 19
    /// The name is in no zone of this server.
    case notAuthoritative = 20
    /// Whoever knows the answer cannot be reached.
    case noReachableAuthority = 22
}
