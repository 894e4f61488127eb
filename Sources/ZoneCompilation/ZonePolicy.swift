import DNSAuthority
import IPAddressing

/// What an operator decides about the answers of all zones.
package struct ZonePolicy: Sendable {
    /// TTL of positive answers, in seconds.
    package var ttl: UInt32
    /// TTL of negative answers and MINIMUM of the SOA, in seconds (RFC 2308 §4).
    package var negativeTTL: UInt32
    /// The addresses of `ns.dns` below each origin.
    package var nameServerAddresses: [IPAddress]
    /// Most records of an RRset; 0 for all.
    package var mostAnswers: Int

    package init(ttl: UInt32, negativeTTL: UInt32, nameServerAddresses: [IPAddress], mostAnswers: Int = 0) {
        self.mostAnswers = mostAnswers
        self.ttl = ttl
        self.negativeTTL = negativeTTL
        self.nameServerAddresses = nameServerAddresses
    }

    /// The name server's addresses as a host's, both families definite.
    var nameServer: HostAddresses {
        let ipv4 = nameServerAddresses.compactMap { if case .v4(let address) = $0 { address } else { nil } }
        let ipv6 = nameServerAddresses.compactMap { if case .v6(let address) = $0 { address } else { nil } }
        return HostAddresses(ipv4: .known(ipv4), ipv6: .known(ipv6))
    }
}
