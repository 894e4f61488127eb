/// The records of a zone in wire form with no name compressed (RFC 1035 §3.2.1), as transfers have them (RFC 5936 §3): its SOA record is not
/// among them.
///
/// A name that answers for all names below another is a wildcard there (RFC 4592). As names between hide it, it stands below each of those again.
package struct ZoneRecords {
    private let zone: Zone
    /// The names of a shard that are left, and the shards behind it.
    private var nodes: ArraySlice<ZoneNode> = []
    private var shards: Range<Int>

    /// All records, in no order that matters.
    package init(of zone: Zone) { (self.zone, shards) = (zone, 0..<zone.shardCount) }

    /// Appends the records of the next names until there are so many octets, or a name's records more; false at the end.
    package mutating func append(to octets: inout [UInt8], upTo length: Int) -> Bool {
        while octets.count < length {
            if let node = nodes.popFirst() {
                Self.append(node, of: zone.view, to: &octets)
            } else if let shard = shards.popFirst() {
                nodes = zone.nodes(ofShard: shard)[...]
            } else {
                return false
            }
        }
        return true
    }

    /// Octets of all records. O(records).
    package static func length(of zone: Zone) -> Int {
        var records = ZoneRecords(of: zone)
        var (octets, length): ([UInt8], Int) = ([], 0)
        var isMore = true
        while isMore {
            isMore = records.append(to: &octets, upTo: 1 << 16)
            length += octets.count
            octets.removeAll(keepingCapacity: true)
        }
        return length
    }

    /// Appends the SOA record of a version of a zone.
    package static func appendSOA(of zone: Zone, serial: UInt32, to octets: inout [UInt8]) {
        var authority = zone.authority
        authority.serial = serial
        let data = RecordData.soa(authority).octets
        octets += zone.origin.octets
        for number in [RecordType.soa.rawValue, RecordClass.internet] { octets.append(number: number) }
        octets.append(number: zone.ttl)
        octets.append(number: UInt16(data.count))
        octets += data
    }

    /// Appends what a name has, and what it and those below it have of the name that answers for them.
    static func append(_ node: ZoneNode, of view: ZoneView, to octets: inout [UInt8]) {
        for index in 0..<node.count where node[index].type != .soa { append(node[index], owner: node.name, to: &octets) }
        guard let below = view.covering(node)?.below, below.name.count > 0, !below.name.elementsEqual(node.name) else { return }
        let wildcard = [1] + ZoneNode.wildcardLabel + node.name
        for index in 0..<below.count {
            if node.isBetween { append(below[index], owner: node.name, to: &octets) }
            guard wildcard.count <= DomainName.maximumLength else { continue }
            wildcard.withUnsafeBytes { if view.node(named: $0) == nil { append(below[index], owner: $0, to: &octets) } }
        }
    }

    private static func append(_ rrset: EncodedRRset, owner: UnsafeRawBufferPointer, to octets: inout [UInt8]) {
        for index in 0..<rrset.count {
            let record = rrset.record(index)
            octets.append(contentsOf: owner)
            octets.append(contentsOf: record[2..<EncodedRRset.ttlOffset])
            octets.append(number: rrset.ttl(ofRecord: index))
            octets.append(contentsOf: record[EncodedRRset.dataLengthOffset...])
        }
    }
}
