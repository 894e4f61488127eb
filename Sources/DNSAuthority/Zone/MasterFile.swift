/// A zone as text that other name servers load (RFC 1035 §5).
package enum MasterFile {
    /// The zone with absolute names, one record a line, the SOA first, then by name from the origin down.
    ///
    /// Empty non-terminals need no line; RRsets that are not known now stand as comments. A name that answers for all names below another is a
    /// wildcard (RFC 4592). Since names between hide it there, it stands below each of those again; without records it is a comment.
    package static func text(of zone: Zone) -> String { Pieces(of: zone, octets: .max).joined() }

    /// The text of a zone in pieces, for those who write it slowly: each of some octets, or a name's records more.
    package struct Pieces: Sequence, IteratorProtocol {
        /// Keeps the names.
        private let zone: Zone
        private var nodes: ArraySlice<ZoneNode>
        private let octets: Int
        private var hasBegun = false
        /// The names above the next one that have an answer for all names below them, the closest last.
        private var covering: [(owner: DomainName, below: ZoneNode)] = []
        /// The names of the zone that begin with the label `*`.
        private let wildcards: Set<DomainName>

        /// Takes the names in their order. O(names × log names).
        package init(of zone: Zone, octets: Int) {
            (self.zone, self.octets) = (zone, octets)
            let names = zone.nodes.map { (node: $0, key: sortKey($0.owner)) }
            nodes = names.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.node)[...]
            wildcards = Set(zone.nodes.filter { $0.name.starts(with: [1] + ZoneNode.wildcardLabel) }.map(\.owner))
        }

        package mutating func next() -> String? {
            var piece = hasBegun ? "" : "$TTL \(zone.ttl)\n"
            hasBegun = true
            while piece.utf8.count < octets, let node = nodes.popFirst() {
                let owner = node.owner
                for rrset in node.rrsets { for line in lines(of: rrset, owner: owner) { piece += line + "\n" } }
                for line in inheritedLines(of: node, owner) { piece += line + "\n" }
            }
            return piece.isEmpty ? nil : piece
        }

        /// What a name and those below it have of the name that answers for them.
        private mutating func inheritedLines(of node: ZoneNode, _ owner: DomainName) -> [String] {
            while let last = covering.last, !owner.isAtOrBelow(last.owner) { covering.removeLast() }
            if let below = node.below {
                covering.append((owner, below))
                return below.count > 0 ? [] : ["; \(below.owner.text) exists without records, as all names below \(owner.text) do"]
            }
            guard let below = covering.last?.below, below.owner != owner else { return [] }
            var owners = node.isBetween ? [owner] : []
            if let wildcard = owner.prepending(ZoneNode.wildcardLabel), !wildcards.contains(wildcard) { owners.append(wildcard) }
            return owners.flatMap { owner in below.rrsets.flatMap { lines(of: $0, owner: owner) } }
        }
    }

    /// What one name of a zone has of one type.
    package struct Records {
        package let type: RecordType
        /// A line for each record; none while they are not known.
        package let lines: [String]
    }

    /// What a name has, by type; empty where there are only names below it, nil if there is no such name. O(names of the zone).
    package static func records(at name: DomainName, in zone: Zone) -> [Records]? {
        let nodes = zone.nodes
        var node = nodes.first { $0.name.elementsEqual(name.octets) }
        if node?.isBetween ?? true {
            let covering = nodes.filter { $0.coversBelow && name.isAtOrBelow($0.owner) && $0.name.count < name.octets.count }
            node = covering.max { $0.name.count < $1.name.count }?.below ?? node
        }
        return node.map { node in
            node.rrsets.map { Records(type: $0.type, lines: $0.isUnknown ? [] : records(of: $0, owner: name)) }
        }
    }

    /// The RRsets of more than so many records, in no order that matters. O(names of the zone).
    package static func sets(in zone: Zone, above most: Int) -> [(owner: DomainName, type: RecordType, records: Int)] {
        zone.nodes.flatMap { node in
            node.rrsets.filter { $0.count > most }.map { (node.owner, $0.type, $0.count) }
        }
    }

    /// The labels from the root down, so that names come after those they lie below (RFC 4034 §6.1).
    private static func sortKey(_ name: DomainName) -> [UInt8] { name.labels.reversed().flatMap { $0 + [0] } }

    private static func lines(of rrset: EncodedRRset, owner: DomainName) -> [String] {
        let type = rrset.type.text
        if rrset.isUnknown { return ["; \(owner.text) \(type): not known now"] }
        return (rrset.givesOne ? ["; \(owner.text) \(type): each answer has one of"] : []) + records(of: rrset, owner: owner)
    }

    private static func records(of rrset: EncodedRRset, owner: DomainName) -> [String] {
        let type = rrset.type.text
        let format = RecordFormat.of(rrset.type)
        return (0..<rrset.count).map { index in
            let record = rrset.record(index)
            let data = Array(record.dropFirst(EncodedRRset.headerLength))[...]
            return "\(owner.text) \(rrset.ttl(ofRecord: index)) IN \(type) \(format?.text(of: data) ?? opaque(data))"
        }
    }

    /// RDATA of which nothing is known (RFC 3597 §5).
    private static func opaque(_ data: ArraySlice<UInt8>) -> String {
        let digits = data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return data.isEmpty ? "\\# 0" : "\\# \(data.count) \(digits)"
    }
}
