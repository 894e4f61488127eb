import DNSAuthority
import DNSSecurity
import IPAddressing
import TestSupport
import ZoneTransfer

/// Asks an answerer as a server does, and reads what it gives with a decoder that shares no code with it.
struct Exchange {
    /// All messages of the response, without those behind `most`.
    let octets: [[UInt8]]
    /// What the server counts of it.
    let answer: Responder.Answer?

    init(
        _ query: [UInt8], _ answerer: TransferAnswerer, _ zones: ServedZones, over transport: Transport = .tcp,
        policy: QueryPolicy = QueryPolicy()
    ) {
        var octets: [[UInt8]] = []
        answer = Self.ask(query, answerer, zones, over: transport, policy) { octets.append($0) }
        self.octets = octets
    }

    /// Calls a function with each message, before the next is made.
    @discardableResult
    static func ask(
        _ query: [UInt8], _ answerer: TransferAnswerer, _ zones: ServedZones, over transport: Transport = .tcp,
        _ policy: QueryPolicy = QueryPolicy(), _ body: ([UInt8]) -> Void
    ) -> Responder.Answer? {
        switch begin(query, answerer, zones, over: transport, policy) {
        case .silence: return nil
        case .message(let octets, let answer, _):
            body(octets)
            return answer
        case .messages(let first, let source, let answer):
            body(first)
            while let next = source.next() { body(next) }
            return answer
        }
    }

    /// What the answerer gives of a query from 192.0.2.1.
    static func begin(
        _ query: [UInt8], _ answerer: TransferAnswerer, _ zones: ServedZones, over transport: Transport = .tcp,
        _ policy: QueryPolicy = QueryPolicy()
    ) -> LongAnswer {
        // The family in the machine's order, a port, the address.
        let client: [UInt8] = [2, 0, 0x12, 0x34, 192, 0, 2, 1] + [UInt8](repeating: 0, count: ClientAddress.length)
        return query.withUnsafeBytes { query in
            client.withUnsafeBytes { client in
                guard let start = client.baseAddress else { return .silence }
                return answerer.answer(LongQuery(query, from: ClientAddress(start), over: transport, zones: zones, policy: policy))
            }
        }
    }

    /// The messages, read.
    var messages: [PacketText] { get throws { try octets.map { try PacketText($0) } } }
    /// The records of all answer sections, in order.
    var records: [String] { get throws { try messages.flatMap(\.answer) } }
    /// The RCODE of the first message.
    var code: String? { get throws { try messages.first?.code } }
}

extension TransferAnswerer {
    /// Lets all clients transfer, with some keys.
    static func open(keys: [TransactionKey] = []) -> TransferAnswerer {
        TransferAnswerer(TransferPolicy(allowed: ["0.0.0.0/0", "::/0"].compactMap { AddressRange($0) }, keys: keys), report: { _ in })
    }
}

extension ZoneRecords {
    /// A zone's records as people write them, the SOA record not among them.
    static func texts(of zone: Zone) throws -> [String] {
        var records = ZoneRecords(of: zone)
        var octets: [UInt8] = []
        while records.append(to: &octets, upTo: .max) {}
        return try texts(octets)
    }

    /// Records in wire form as people write them.
    static func texts(_ octets: [UInt8]) throws -> [String] {
        var rest = octets[...]
        var texts: [String] = []
        while !rest.isEmpty {
            let record = Array(rest.prefix(length(rest)))
            rest = rest.dropFirst(record.count)
            texts += try PacketText(QueryOctets.header(0, 1, 0, 0) + record).answer
        }
        return texts
    }

    private static func length(_ octets: ArraySlice<UInt8>) -> Int {
        var offset = octets.startIndex
        while octets[offset] != 0 { offset += 1 + Int(octets[offset]) }
        return offset + 11 - octets.startIndex + Int(octets[offset + 9]) << 8 + Int(octets[offset + 10])
    }
}

/// Versions of a zone, `svc.local`, whose names have addresses and texts.
struct VersionedZone {
    static let origin = DomainName(text: "svc.local") ?? .root
    private(set) var serial: UInt32
    private(set) var names: [String: [RecordData]] = [:]
    private(set) var differences: [ZoneDifference] = []
    private var builder = ZoneBuilder(origin: Self.origin, seed: 1)

    init(serial: UInt32) {
        self.serial = serial
        set(names: [:])
    }

    /// Makes the next version; names without records are taken away.
    mutating func set(names new: [String: [RecordData]]) {
        var difference: (gone: [UInt8], came: [UInt8]) = ([], [])
        for (name, records) in new.sorted(by: { $0.key < $1.key }) {
            guard let owner = DomainName(text: name + ".svc.local") else { continue }
            let old = names[name] ?? []
            for record in old where !records.contains(record) { difference.gone += Self.octets(owner, record) }
            for record in records where !old.contains(record) { difference.came += Self.octets(owner, record) }
            names[name] = records.isEmpty ? nil : records
            guard !records.isEmpty else {
                builder.remove(owner)
                continue
            }
            var block = RecordBlockBuilder()
            let types = Dictionary(grouping: records, by: \.type).sorted { $0.key.rawValue < $1.key.rawValue }
            block.add(owner, types.map { block.add(RRset($0.key, ttl: 5, records: $0.value)) })
            builder.insert(block.build())
        }
        let from = serial
        serial &+= 1
        differences.append(ZoneDifference(from: from, to: serial, gone: difference.gone, came: difference.came))
    }

    /// The current version.
    var zone: Zone {
        mutating get {
            let soa = StartOfAuthority(
                primary: Self.origin, mailbox: Self.origin, serial: serial, refresh: 60, retry: 10, expire: 86400, minimum: 1)
            var apex = RecordBlockBuilder()
            apex.add(Self.origin, [apex.add(RRset(.soa, ttl: 5, records: [.soa(soa)]))])
            builder.insert(apex.build())
            return builder.build(soa, ttl: 5)
        }
    }

    /// The zone as it is served, with the last differences.
    mutating func served(_ count: Int = .max) -> ServedZones {
        let zone = zone
        let history = ZoneHistory(zone, differences: differences.suffix(count), length: ZoneRecords.length(of: zone))
        return ServedZones([ServedZone(zone, .current, history: history)])
    }

    private static func octets(_ owner: DomainName, _ data: RecordData) -> [UInt8] {
        let octets = data.octets
        return owner.octets + QueryOctets.number(Int(data.type.rawValue)) + [0, 1, 0, 0, 0, 5] + QueryOctets.number(octets.count) + octets
    }
}

extension QueryOctets {
    /// An incremental transfer of `svc.local` from a serial on (RFC 1995 §3); without one if it is nil.
    static func incrementalTransfer(since serial: UInt32?, opt: [UInt8] = []) -> [UInt8] {
        guard let serial else { return query("svc.local", "IXFR", opt: opt) }
        let soa = [0xC0, 12] + number(6) + [0, 1, 0, 0, 0, 0] + number(22) + [0, 0]
        let numbers = number(Int(serial >> 16)) + number(Int(serial & 0xFFFF)) + [UInt8](repeating: 0, count: 16)
        return header(1, 0, 1, opt.isEmpty ? 0 : 1) + question("svc.local", 251) + soa + numbers + opt
    }
}
