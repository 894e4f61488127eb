/// What RDATA of a type is made up of: how it is written as text, and where names stand in it.
///
/// RDATA of a type without a row is opaque (RFC 3597).
struct RecordFormat: Sendable {
    /// A part of RDATA.
    enum Field {
        /// Two octets.
        case number16
        /// Four octets.
        case number32
        case ipv4
        case ipv6
        /// An uncompressed name.
        case name
        /// One character string or more, to the end (RFC 1035 §3.3.14).
        case strings
        /// The parameters of a service binding, to the end (RFC 9460 §2.2).
        case parameters
    }

    /// What is special about the names in a type's RDATA.
    struct Names: OptionSet {
        let rawValue: UInt8
        /// They may be compressed, which RFC 3597 §4 restricts to types of RFC 1035.
        static let areCompressible = Names(rawValue: 1)
        /// The last is the end of the RDATA and a host's, whose addresses go along as additional data.
        static let endWithHost = Names(rawValue: 2)
    }

    let fields: [Field]
    let names: Names

    private init(_ fields: [Field], _ names: Names = []) { (self.fields, self.names) = (fields, names) }

    private static let table: [RecordType: RecordFormat] = [
        .a: RecordFormat([.ipv4]),
        .ns: RecordFormat([.name], [.areCompressible, .endWithHost]),
        .soa: RecordFormat([.name, .name, .number32, .number32, .number32, .number32, .number32], .areCompressible),
        .ptr: RecordFormat([.name], .areCompressible),
        .mx: RecordFormat([.number16, .name], [.areCompressible, .endWithHost]),
        .txt: RecordFormat([.strings]),
        .aaaa: RecordFormat([.ipv6]),
        .srv: RecordFormat([.number16, .number16, .number16, .name], .endWithHost),
        .svcb: RecordFormat([.number16, .name, .parameters]),
        .https: RecordFormat([.number16, .name, .parameters]),
    ]

    /// The row of a type; nil if it has none.
    static func of(_ type: RecordType) -> RecordFormat? { table[type] }
}

extension RecordFormat {
    /// Where each field of RDATA stands; nil if the octets are not made up as the type says.
    func split(_ data: ArraySlice<UInt8>) -> [(field: Field, octets: ArraySlice<UInt8>)]? {
        var rest = data
        var parts: [(field: Field, octets: ArraySlice<UInt8>)] = []
        for field in fields {
            guard let length = Self.length(of: field, at: rest), length <= rest.count else { return nil }
            parts.append((field, rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return rest.isEmpty ? parts : nil
    }

    /// Octets of a field that some octets begin with; nil if there is none of its kind.
    private static func length(of field: Field, at octets: ArraySlice<UInt8>) -> Int? {
        switch field {
        case .number16: 2
        case .number32, .ipv4: 4
        case .ipv6: 16
        case .name: DomainName.length(atStartOf: octets)
        case .strings: areStrings(octets) ? octets.count : nil
        case .parameters: ServiceParameter.list(octets) == nil ? nil : octets.count
        }
    }

    /// Whether octets are character strings, each behind its length, at least one.
    private static func areStrings(_ octets: ArraySlice<UInt8>) -> Bool {
        var rest = octets
        while let length = rest.popFirst() {
            guard rest.count >= Int(length) else { return false }
            rest = rest.dropFirst(Int(length))
        }
        return !octets.isEmpty
    }

    /// The octets of the host's name with which RDATA ends; nil if it has none.
    func host(in data: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        names.contains(.endWithHost) ? split(data)?.last?.octets : nil
    }

    /// RDATA in presentation form (RFC 1035 §5.1); nil if the octets are not made up as the type says.
    func text(of data: ArraySlice<UInt8>) -> String? {
        split(data)?.map { Self.text(of: $0, $1) }.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func text(of field: Field, _ octets: ArraySlice<UInt8>) -> String {
        switch field {
        case .number16, .number32: String(number(octets))
        case .ipv4: ipv4(octets)
        case .ipv6: ipv6(octets)
        case .name: DomainName(wire: octets).text
        case .strings: strings(in: octets).map { "\"" + $0.map(\.quotedForm).joined() + "\"" }.joined(separator: " ")
        case .parameters: (ServiceParameter.list(octets) ?? []).map(\.text).joined(separator: " ")
        }
    }

    private static func strings(in octets: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var rest = octets
        var strings: [ArraySlice<UInt8>] = []
        while let length = rest.popFirst() {
            strings.append(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
        }
        return strings
    }

    /// An IPv4 address of four octets.
    static func ipv4(_ octets: ArraySlice<UInt8>) -> String { octets.map { String($0) }.joined(separator: ".") }

    /// Octets in network order as a number.
    private static func number(_ octets: ArraySlice<UInt8>) -> UInt64 { octets.reduce(0) { $0 << 8 | UInt64($1) } }

    /// An IPv6 address of sixteen octets: the first of the longest runs of zeros, two at least, is `::` (RFC 5952 §4), the last two fields of
    /// an IPv4-mapped address are decimal octets (§5).
    static func ipv6(_ octets: ArraySlice<UInt8>) -> String {
        let fields = stride(from: octets.startIndex, to: octets.endIndex, by: 2).map { number(octets[$0..<$0 + 2]) }
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
