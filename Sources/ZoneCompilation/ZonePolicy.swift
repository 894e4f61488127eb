import DNSAuthority
import IPAddressing

/// What an operator decides about the answers of a zone.
package struct ZonePolicy: Hashable, Sendable {
    /// TTL of positive answers, in seconds.
    package var ttl: UInt32
    /// TTL of negative answers and MINIMUM of the SOA, in seconds (RFC 2308 §4).
    package var negativeTTL: UInt32
    /// The addresses of the name server's name below the origin.
    package var nameServerAddresses: [IPAddress]
    /// Most records of an RRset; 0 for all.
    package var mostAnswers: Int
    /// How long answers are given while the registry is out of reach; nil: without limit.
    package var maximumStale: Duration?
    /// The attributes of which each value has a name below its service: `<value>.<key>._tag`.
    package var tags: [String] = []
    /// What the SOA says beside serial and MINIMUM.
    package var authority = AuthorityPolicy()

    package init(
        ttl: UInt32, negativeTTL: UInt32, nameServerAddresses: [IPAddress], mostAnswers: Int = 0, maximumStale: Duration? = nil
    ) {
        self.mostAnswers = mostAnswers
        self.maximumStale = maximumStale
        self.ttl = ttl
        self.negativeTTL = negativeTTL
        self.nameServerAddresses = nameServerAddresses
    }

    /// What holds where an operator decides nothing, without the name server's addresses. BIND refuses RRsets of more than 100 records.
    package static let standard = ZonePolicy(
        ttl: 5, negativeTTL: 1, nameServerAddresses: [], mostAnswers: 100, maximumStale: .seconds(3600))

    /// Whether another policy makes the same records.
    func hasRecords(of other: ZonePolicy?) -> Bool {
        guard var other else { return false }
        other.maximumStale = maximumStale
        return self == other
    }

    /// The name server's addresses as a host's, both families definite.
    var nameServer: HostAddresses {
        let ipv4 = nameServerAddresses.compactMap { if case .v4(let address) = $0 { address } else { nil } }
        let ipv6 = nameServerAddresses.compactMap { if case .v6(let address) = $0 { address } else { nil } }
        return HostAddresses(ipv4: .known(ipv4), ipv6: .known(ipv6))
    }

    /// The longest TTL that a provider may ask for, in seconds: an hour, after which a mistake is over.
    static let mostOfProvider: UInt32 = 3600

    /// The labels of the name server's name in front of each origin.
    static let nameServerLabels = ["ns", "dns"]
    /// The labels of the mailbox in front of each origin, unless there is another.
    static let mailboxLabels = ["hostmaster"]
}

/// What a zone's SOA says; its owner is the zone's origin (RFC 1035 §3.3.13).
package struct AuthorityPolicy: Hashable, Sendable {
    /// MNAME; nil for the name server's name below the origin.
    package var primary: DomainName?
    /// RNAME; nil for `hostmaster` below the origin.
    package var mailbox: DomainName?
    /// REFRESH, in seconds.
    package var refresh: UInt32 = 7200
    /// RETRY, in seconds.
    package var retry: UInt32 = 1800
    /// EXPIRE, in seconds.
    package var expire: UInt32 = 86400

    package init() {}

    /// What holds where other servers transfer the zone: they ask soon again after a NOTIFY that was lost.
    package static var transferred: AuthorityPolicy {
        var policy = AuthorityPolicy()
        (policy.refresh, policy.retry) = (60, 10)
        return policy
    }
}
