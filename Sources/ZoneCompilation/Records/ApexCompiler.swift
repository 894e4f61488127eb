import DNSAuthority
import IPAddressing

/// Turns what every zone has, whatever its registry, into a block: the origin and the name server's name.
struct ApexCompiler {
    let origin: DomainName
    let policy: ZonePolicy

    /// What the SOA record says under a serial; nil if names below this origin would be too long.
    func authority(serial: UInt32) -> StartOfAuthority? {
        let soa = policy.authority
        guard let primary = soa.primary ?? Self.nameServer(of: origin), let mailbox = soa.mailbox ?? Self.mailbox(of: origin) else {
            return nil
        }
        return StartOfAuthority(
            primary: primary, mailbox: mailbox, serial: serial, refresh: soa.refresh, retry: soa.retry, expire: soa.expire,
            minimum: policy.negativeTTL)
    }

    /// `ns.dns` below an origin; nil if that would be too long.
    static func nameServer(of origin: DomainName) -> DomainName? {
        DomainName(labels: ZonePolicy.nameServerLabels.map(\.utf8))?.appending(origin)
    }

    /// `hostmaster` below an origin; nil if that would be too long.
    static func mailbox(of origin: DomainName) -> DomainName? {
        DomainName(labels: ZonePolicy.mailboxLabels.map(\.utf8))?.appending(origin)
    }

    /// The block with the origin, and with the name server's name unless `hasNameServer` is false: it is not the zone's own, or a service
    /// stands there. `pointer`: what the origin has of PTR.
    func compile(
        _ authority: StartOfAuthority, nameServer: DomainName, hasNameServer: Bool, pointer: RRset? = nil
    ) -> RecordBlock {
        var builder = RecordBlockBuilder()
        let soa = builder.add(RRset(.soa, ttl: policy.ttl, records: [.soa(authority)]))
        let ns = builder.add(RRset(.ns, ttl: policy.ttl, records: [.ns(nameServer)]))
        builder.add(origin, [soa, ns] + [pointer].compactMap(\.self).map { builder.add($0) })
        if hasNameServer {
            let ipv4 = policy.nameServer.ipv4.addresses.map { RecordData.a($0.value) }
            let ipv6 = policy.nameServer.ipv6.addresses.map { RecordData.aaaa($0.value) }
            let rrsets = [RRset(.a, ttl: policy.ttl, records: ipv4), RRset(.aaaa, ttl: policy.ttl, records: ipv6)]
            builder.add(nameServer, rrsets.filter { $0.count > 0 }.map { builder.add($0) })
        }
        return builder.build()
    }
}
