import DNSAuthority
import TestSupport
import Testing
import ZoneTransfer

@Suite struct IncrementalTransferTests {
    private func soa(_ serial: UInt32) -> String { "svc.local. 5 SOA svc.local. svc.local. \(serial) 60 10 86400 1" }

    /// A zone of eight versions, the serials of which come round to 0.
    private func versions(_ random: inout some RandomNumberGenerator, count: Int = 8) -> [(
        serial: UInt32, records: [String], zones: ServedZones
    )] {
        var version = VersionedZone(serial: UInt32.max - 4)
        // So large that no sum of differences is larger.
        version.set(names: Dictionary(uniqueKeysWithValues: (0..<200).map { ("fixed\($0)", [.a(UInt32($0))]) }))
        return (0..<count).map { _ in
            var names: [String: [RecordData]] = [:]
            for _ in 0..<5 {
                let count = UInt32.random(in: 0..<4, using: &random)
                names["u\(Int.random(in: 0..<12, using: &random))"] = (0..<count).map { .a($0) }
            }
            version.set(names: names)
            let zones = version.served()
            return (version.serial, (try? ZoneRecords.texts(of: version.zone)) ?? [], zones)
        }
    }

    @Test(arguments: (0..<20).map(UInt64.init))
    func `the differences lead from every version that is known to the newest (RFC 1995 §4)`(_ seed: UInt64) throws {
        var random = Numbers(state: seed)
        let versions = versions(&random)
        let newest = try #require(versions.last)
        for old in versions.dropLast() {
            let records = try Exchange(QueryOctets.incrementalTransfer(since: old.serial), .open(), newest.zones).records
            #expect(records.first == soa(newest.serial) && records.last == soa(newest.serial))
            #expect(records.count > 3 && records[1] == soa(old.serial))
            #expect(try applied(records, to: old.records, since: old.serial) == newest.records.sorted())
        }
    }

    /// What a secondary has in the end: removes what is there alone, adds what is not there alone.
    private func applied(_ records: [String], to old: [String], since first: UInt32) throws -> [String] {
        var content = Set(old)
        var (serial, isAdding) = (first, true)
        for record in records.dropFirst().dropLast() {
            if record == soa(isAdding ? serial : serial &+ 1) {
                if !isAdding { serial &+= 1 }
                isAdding.toggle()
            } else if isAdding {
                try #require(content.insert(record).inserted)
            } else {
                try #require(content.remove(record) != nil)
            }
        }
        #expect(isAdding && soa(serial) == records.last)
        return content.sorted()
    }

    @Test func `a client that has the version, or a later one, gets its SOA record, as does every one over UDP`() throws {
        var random = Numbers(state: 1)
        let newest = try #require(versions(&random).last)
        for ahead: UInt32 in [0, 1, 1000, 0x7FFF_FFFF] {
            let exchange = Exchange(QueryOctets.incrementalTransfer(since: newest.serial &+ ahead), .open(), newest.zones)
            #expect(try exchange.records == [soa(newest.serial)])
        }
        for since in [newest.serial, newest.serial &- 1, newest.serial &- 1000, nil] {
            let exchange = Exchange(
                QueryOctets.incrementalTransfer(since: since, opt: QueryOctets.opt()), .open(), newest.zones, over: .udp)
            #expect(try exchange.records == [soa(newest.serial)])
            #expect(try exchange.messages[0].edns != nil && exchange.messages[0].flags.contains("aa"))
        }
    }

    @Test func `a client whose version is not known gets the whole zone, as does one whose differences are larger`() throws {
        var version = VersionedZone(serial: 10)
        version.set(names: ["a": (0..<50).map { .a($0) }])
        version.set(names: ["a": (50..<100).map { .a($0) }])
        let whole = try [soa(13)] + ZoneRecords.texts(of: version.zone) + [soa(13)]
        for since: UInt32? in [1, 11, 0xFFFF_FF00, nil] {
            #expect(try Exchange(QueryOctets.incrementalTransfer(since: since), .open(), version.served(1)).records == whole)
        }
        // Fifty records gone and fifty that came.
        #expect(try Exchange(QueryOctets.incrementalTransfer(since: 12), .open(), version.served()).records == whole)
        version.set(names: ["b": [.a(1)]])
        let difference = try Exchange(QueryOctets.incrementalTransfer(since: 13), .open(), version.served()).records
        #expect(difference == [soa(14), soa(13), soa(14), "b.svc.local. 5 A 0.0.0.1", soa(14)])
    }

    @Test func `what queries see is not what is transferred before it is a version`() throws {
        var version = VersionedZone(serial: 10)
        version.set(names: ["a": [.a(1)]])
        let transferred = version.zone
        version.set(names: ["a": [.a(2)]])
        let zones = ServedZones([ServedZone(version.zone, .current, history: ZoneHistory(transferred))])
        #expect(
            try Exchange(QueryOctets.query("svc.local", "AXFR"), .open(), zones).records == [soa(12), "a.svc.local. 5 A 0.0.0.1", soa(12)])
    }

    @Test func `whatever stands behind the question, it is answered with records`() throws {
        var version = VersionedZone(serial: 10)
        version.set(names: ["a": [.a(1)]])
        let zones = version.served()
        let query = QueryOctets.incrementalTransfer(since: 11, opt: QueryOctets.opt())
        let end = 12 + QueryOctets.question("svc.local", 251).count
        var answerless: [Int] = []
        let answerer = TransferAnswerer.open()
        for length in end...query.count where try Exchange(Array(query[..<length]), answerer, zones).code != "NOERROR" {
            answerless.append(length)
        }
        // A wrong version of EDNS is judged by the responder, before.
        for index in end..<query.count where index != query.count - 5 {
            for bit in 0..<8 {
                var flipped = query
                flipped[index] ^= 1 << UInt8(bit)
                let exchange = Exchange(flipped, answerer, zones)
                if try exchange.code != "NOERROR" || exchange.records.isEmpty { answerless.append(index) }
            }
        }
        #expect(answerless == [])
    }
}
