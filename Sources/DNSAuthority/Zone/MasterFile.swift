/// A zone as text that other name servers load (RFC 1035 §5).
package enum MasterFile {
    /// The zone with absolute names, one record a line, the SOA first, then by name from the origin down.
    ///
    /// Empty non-terminals need no line; RRsets that are not known at present stand as comments.
    package static func text(of zone: Zone) -> String {
        let names = zone.nodes.map { (owner: $0.owner, rrsets: $0.rrsets, key: sortKey($0.owner)) }.sorted {
            $0.key.lexicographicallyPrecedes($1.key)
        }
        let records = names.flatMap { name in name.rrsets.flatMap { lines(of: $0, owner: name.owner) } }
        return (["$TTL \(zone.ttl)"] + records).joined(separator: "\n") + "\n"
    }

    /// What one name of a zone has of one type.
    package struct Records {
        package let type: RecordType
        /// A line for each record; none while they are not known.
        package let lines: [String]
    }

    /// What a name has, by type; empty where there are only names below it, nil if there is no such name. O(names of the zone).
    package static func records(at name: DomainName, in zone: Zone) -> [Records]? {
        zone.nodes.first { $0.name.elementsEqual(name.octets) }.map { node in
            node.rrsets.map { Records(type: $0.type, lines: $0.isUnknown ? [] : lines(of: $0, owner: name)) }
        }
    }

    /// The labels from the root down, so that names come after those they lie below (RFC 4034 §6.1).
    private static func sortKey(_ name: DomainName) -> [UInt8] { name.labels.reversed().flatMap { $0 + [0] } }

    private static func lines(of rrset: EncodedRRset, owner: DomainName) -> [String] {
        if rrset.isUnknown { return ["; \(owner.text) \(rrset.type.text): not known at present"] }
        return (0..<rrset.count).map { index in
            let start = rrset.start(ofRecord: index)
            let octets = UnsafeRawBufferPointer(start: rrset.octets + start, count: rrset.start(ofRecord: index + 1) - start)
            return "\(owner.text) \(ttl(octets)) IN \(rrset.type.text) \(data(octets.dropFirst(12), rrset.type))"
        }
    }

    private static func ttl(_ record: UnsafeRawBufferPointer) -> UInt64 { number(record[6..<10]) }

    /// RDATA in presentation form; a type without one in the form of RFC 3597 §5.
    private static func data(_ data: Slice<UnsafeRawBufferPointer>, _ type: RecordType) -> String {
        let start = data.startIndex
        func numbers(_ offset: Int, _ count: Int, _ width: Int) -> String {
            (0..<count).map { String(number(data[(start + offset + $0 * width)..<(start + offset + ($0 + 1) * width)])) }.joined(
                separator: " ")
        }
        switch type {
        case .a: return data.map { String($0) }.joined(separator: ".")
        case .aaaa: return ipv6((0..<8).map { number(data[(start + 2 * $0)..<(start + 2 * $0 + 2)]) })
        case .srv: return "\(numbers(0, 3, 2)) \(DomainName(wire: data.dropFirst(6)).text)"
        case .ns: return DomainName(wire: data).text
        case .soa:
            let primary = DomainName(wire: data)
            let mailbox = DomainName(wire: data.dropFirst(primary.octets.count))
            return "\(primary.text) \(mailbox.text) \(numbers(primary.octets.count + mailbox.octets.count, 5, 4))"
        default: return "\\# \(data.count) " + data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    private static func number(_ octets: some Sequence<UInt8>) -> UInt64 { octets.reduce(0) { $0 << 8 | UInt64($1) } }

    /// An IPv6 address of eight fields: the first of the longest runs of zeros, two at least, is `::` (RFC 5952 §4), the last two fields of an
    /// IPv4-mapped address are decimal octets (§5).
    private static func ipv6(_ fields: [UInt64]) -> String {
        if fields.count == 8, fields[..<5].allSatisfy({ $0 == 0 }), fields[5] == 0xFFFF {
            return "::ffff:" + fields[6...].flatMap { [$0 >> 8, $0 & 255] }.map { String($0) }.joined(separator: ".")
        }
        func text(_ fields: ArraySlice<UInt64>) -> String { fields.map { String($0, radix: 16) }.joined(separator: ":") }
        let runs = fields.indices.map { start in start..<(fields[start...].firstIndex { $0 != 0 } ?? fields.endIndex) }
        guard let longest = runs.map(\.count).max(), longest > 1, let run = runs.first(where: { $0.count == longest }) else {
            return text(fields[...])
        }
        return text(fields[..<run.lowerBound]) + "::" + text(fields[run.upperBound...])
    }
}

extension RecordType {
    /// The type's mnemonic, or TYPE and its number (RFC 3597 §5).
    package var text: String {
        switch self {
        case .a: "A"
        case .ns: "NS"
        case .soa: "SOA"
        case .aaaa: "AAAA"
        case .srv: "SRV"
        default: "TYPE\(rawValue)"
        }
    }
}
