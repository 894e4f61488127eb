import DNSAuthority
import IPAddressing

/// One question to a name server.
struct NameServerQuery {
    /// The name that is asked for.
    let name: DomainName
    let type: RecordType
    /// What the response must repeat.
    let id: UInt16

    /// A question with an ID that no one else knows.
    init(_ name: DomainName, _ type: RecordType) { self.init(name, type, id: .random(in: 0...UInt16.max)) }

    init(_ name: DomainName, _ type: RecordType, id: UInt16) { (self.name, self.type, self.id) = (name, type, id) }

    /// The query in wire form, with RD for servers that ask others, and an OPT record (RFC 6891 §6.1).
    var octets: [UInt8] {
        let header = Self.octets(id) + [1, 0, 0, 1, 0, 0, 0, 0, 0, 1]
        let options: [UInt8] = [0, 0, 41] + Self.octets(Self.payloadSize) + [0, 0, 0, 0, 0, 0]
        return header + name.octets + Self.octets(type.rawValue) + [0, 1] + options
    }

    /// Octets that a response over UDP may have (DNS Flag Day 2020).
    private static let payloadSize: UInt16 = 1232

    private static func octets(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }
}

/// What of a name server's response `zoodns wait` looks at.
struct NameServerResponse: Equatable {
    /// The RCODE.
    let code: Int
    /// Whether the response is longer than UDP allows.
    let isTruncated: Bool
    /// Where the service is (SRV), in the order of the response.
    private(set) var locations: [Location] = []
    /// The addresses of all names in the response.
    private(set) var addresses: [DomainName: Set<IPAddress>] = [:]
    /// The zone's serial, if the SOA was asked for.
    private(set) var serial: UInt32?

    /// The target and the port of an SRV record.
    struct Location: Hashable {
        let target: DomainName
        let port: UInt16
    }

    /// Reads a response; nil for octets that are none to this query, throws for a response that cannot be read.
    init?(_ octets: [UInt8], to query: NameServerQuery) throws(MessageReader.Malformed) {
        var message = MessageReader(octets)
        guard octets.count >= 12, try message.number() == Int(query.id) else { return nil }
        let flags = try message.number()
        // A response, of the opcode QUERY.
        guard flags & 0xF800 == 0x8000 else { return nil }
        (code, isTruncated) = (flags & 15, flags & 0x0200 != 0)
        let (questions, answers) = (try message.number(), try message.number())
        let others = try message.number() + message.number()
        // A server that cannot read the query does not repeat the question.
        if questions == 0, code != 0 { return }
        guard questions == 1, try message.name() == query.name, try message.number() == Int(query.type.rawValue),
            try message.number() == 1
        else { return nil }
        // What is cut short is asked for again.
        if isTruncated { return }
        for _ in 0..<answers { try read(message.record(), message, isAnswerTo: query) }
        for _ in 0..<others { try read(message.record(), message, isAnswerTo: nil) }
    }

    private mutating func read(
        _ record: MessageReader.Record, _ message: MessageReader, isAnswerTo query: NameServerQuery?
    ) throws(MessageReader.Malformed) {
        let isAnswer = record.owner == query?.name && record.type == query.map { Int($0.type.rawValue) }
        let data = message.octets[record.data]
        switch record.type {
        case 33 where isAnswer:
            guard data.count >= 7 else { throw MessageReader.Malformed() }
            let target = try message.name(at: record.data.lowerBound + 6)
            let port = data.dropFirst(4).prefix(2).reduce(0) { $0 << 8 | UInt16($1) }
            // The root: the service is decidedly not available (RFC 2782).
            if target != .root { locations.append(Location(target: target, port: port)) }
        case 6 where isAnswer:
            // The serial and four intervals stand behind two names.
            guard data.count >= 22 else { throw MessageReader.Malformed() }
            serial = data.suffix(20).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        case 1 where data.count == 4:
            addresses[record.owner, default: []].insert(.v4(IPv4Address(value: data.reduce(0) { $0 << 8 | UInt32($1) })))
        case 28 where data.count == 16:
            addresses[record.owner, default: []].insert(.v6(IPv6Address(value: data.reduce(0) { $0 << 8 | UInt128($1) })))
        default: break
        }
    }
}
