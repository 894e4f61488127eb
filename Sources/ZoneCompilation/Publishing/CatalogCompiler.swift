import Crypto
import DNSAuthority

/// Compiles the catalog of a server's zones (RFC 9432), itself a zone, which other servers follow to learn which zones there are.
package struct CatalogCompiler {
    /// The catalog's own name.
    package let origin: DomainName
    private let seed: UInt64
    /// The zones that the catalog lists, in order of their names.
    private var members: [DomainName] = []
    /// The catalog as it was compiled last; nil before that.
    private(set) var zone: Zone?
    /// Whether it was too early for a version that lists the zones that there are.
    private(set) var isBehind = false

    /// Most octets that the catalog's name has in wire form: a member's label and `zones` stand in front of it.
    package static let longestName = DomainName.maximumLength - (1 + 2 * octetsOfLabel) - (1 + 5)

    /// Whether a name can be a catalog's.
    package static func canHaveName(_ name: DomainName) -> Bool { name != .root && name.octets.count <= longestName }

    /// Octets of a zone's hash that its label shows: two zones of one server never share them.
    private static let octetsOfLabel = 16
    /// The version of the form (RFC 9432 §4.2.1).
    private static let version = "2"
    /// The name of no host, which NS and SOA must name nonetheless (RFC 9432 §4.1).
    private static let nowhere = DomainName(text: "invalid") ?? .root
    private static let policy = ZonePolicy.standard

    /// A catalog that has not been compiled. The seed spreads its names over tables.
    init(origin: DomainName, seed: UInt64) { (self.origin, self.seed) = (origin, seed) }

    /// Lists these zones from now on, once there may be another version.
    mutating func list(_ zones: [DomainName], _ numbering: VersionNumbering) {
        let members = zones.sorted { $0.octets.lexicographicallyPrecedes($1.octets) }
        isBehind = false
        guard zone == nil || members != self.members else { return }
        guard let serial = numbering.serial(zone?.authority.serial) else { return isBehind = true }
        self.members = members
        zone = compile(members, serial) ?? zone
    }

    private func compile(_ members: [DomainName], _ serial: UInt32) -> Zone? {
        let soa = AuthorityPolicy.transferred
        let authority = StartOfAuthority(
            primary: Self.nowhere, mailbox: Self.nowhere, serial: serial, refresh: soa.refresh, retry: soa.retry, expire: soa.expire,
            minimum: Self.policy.negativeTTL)
        guard let version = origin.prepending(Array("version".utf8)), let zones = origin.prepending(Array("zones".utf8)) else { return nil }
        var block = RecordBlockBuilder()
        func add(_ owner: DomainName, _ records: [(RecordType, RecordData)]) {
            block.add(owner, records.map { block.add(RRset($0, ttl: Self.policy.ttl, records: [$1])) })
        }
        add(origin, [(.soa, .soa(authority)), (.ns, .ns(Self.nowhere))])
        add(version, [(.txt, .other(.txt, [UInt8(Self.version.utf8.count)] + Self.version.utf8))])
        for member in members {
            guard let owner = zones.prepending(Self.label(of: member)) else { return nil }
            add(owner, [(.ptr, .other(.ptr, member.octets))])
        }
        var builder = ZoneBuilder(origin: origin, seed: seed)
        builder.insert(block.build())
        return builder.build(authority, ttl: Self.policy.ttl)
    }

    /// The label that stands for a zone as long as it is listed, whatever other zones there are (RFC 9432 §4.1).
    private static func label(of zone: DomainName) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return SHA256.hash(data: zone.octets).prefix(octetsOfLabel).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
