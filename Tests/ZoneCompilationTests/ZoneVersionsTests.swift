import IPAddressing
import ProviderRegistry
import Synchronization
import TestSupport
import Testing

@testable import DNSAuthority
@testable import ZoneCompilation

/// A secondary that has transferred a zone once and follows it by differences.
private struct Follower {
    private var records: [[UInt8]: Int] = [:]
    private(set) var serial: UInt32
    /// How many differences it has applied, and how often it needed the whole zone.
    private(set) var (applied, whole) = (0, 0)

    init(_ history: ZoneHistory) {
        serial = history.serial
        take(history.zone)
    }

    private mutating func take(_ zone: Zone) {
        records = [:]
        for record in Self.records(of: zone) { records[record, default: 0] += 1 }
    }

    /// Follows to the newest version; gives whether it now has the records of that zone.
    mutating func follow(_ history: ZoneHistory) throws -> Bool {
        if let differences = history.serial == serial ? [] : history.differences(since: serial) {
            for difference in differences {
                #expect(difference.from == serial)
                for record in Self.split(difference.gone) { try #require(records.removeValue(forKey: record) == 1, "not there") }
                for record in Self.split(difference.came) { try #require(records.updateValue(1, forKey: record) == nil, "there already") }
                serial = difference.to
                applied += 1
            }
        } else {
            take(history.zone)
            serial = history.serial
            whole += 1
        }
        return serial == history.serial && Set(records.keys) == Set(Self.records(of: history.zone))
    }

    private static func records(of zone: Zone) -> [[UInt8]] {
        var (all, octets) = (ZoneRecords(of: zone), [UInt8]())
        while all.append(to: &octets, upTo: octets.count + 1000) {}
        return split(octets)
    }

    /// Records that stand one after another, with no name compressed.
    private static func split(_ octets: [UInt8]) -> [[UInt8]] {
        var (records, rest) = ([[UInt8]](), octets[...])
        while !rest.isEmpty {
            var end = rest.startIndex
            while rest[end] > 0 { end += 1 + Int(rest[end]) }
            end += 11 + Int(rest[end + 9]) << 8 + Int(rest[end + 10])
            records.append(Array(rest[..<end]))
            rest = rest[end...]
        }
        return records
    }
}

@Suite struct ZoneVersionsTests {
    private let origin = DomainName(text: "svc.local") ?? .root

    /// Numbers that rise by one; `isEarly` says that no version may follow another now.
    private func numbering(isEarly: Bool = false, journal: Int? = 1 << 20) -> VersionNumbering {
        VersionNumbering(journal: journal) { last in isEarly && last != nil ? nil : (last ?? 0) + 1 }
    }

    private func service(_ addresses: Range<Int>) -> Service {
        var service = Service()
        for index in addresses {
            service.registrations["u\(index)"] = Registration(
                creationZxid: Int64(index), provider: Provider(host: .ipv4(IPv4Address(value: UInt32(0x0A00_0000 + index))), port: 80))
        }
        return service
    }

    @Test(arguments: 0..<UInt64(6)) func `differences lead from each version to the next, whatever has changed`(_ seed: UInt64) throws {
        var random = Numbers(state: seed)
        var policy = TestRegistry.policy
        policy.tags = ["k"]
        let ranges = [AddressRange("10.0.0.0/24"), AddressRange("2001:db8::/64")].compactMap(\.self)
        var compiler = ZoneCompiler(
            policies: [origin: policy], reverse: ReversePolicy(ranges, policy: policy, zone: origin), seed: 1)
        // A zone that is large enough for differences that are not larger.
        let stable = (0..<30).map { (ServiceName("stable\($0)"), service($0 * 3..<$0 * 3 + 3)) }
        compiler.replace(with: Registry(services: Dictionary(uniqueKeysWithValues: stable)), for: origin)
        compiler.resolve(["h.example.net": HostAddresses(ipv4: .known([IPv4Address(value: 9)]), ipv6: .known([]))])
        let origins = compiler.compile(numbering()) { true }.keys.sorted { $0.text < $1.text }
        #expect(origins.count == 3)
        var followers = try origins.map { Follower(try #require(compiler.history(of: $0))) }
        for step in 0..<120 {
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let name = try #require(ZoneCompilerTests.names.randomElement(using: &random))
                compiler.apply(RegistryChange(services: [name: ZoneCompilerTests().randomService(&random)]), to: origin)
                // Some changes are published before there may be a version, some services only later.
                let isWhole = Bool.random(using: &random)
                _ = compiler.compile(numbering(isEarly: Bool.random(using: &random))) { isWhole }
            }
            guard step % 3 == 0 else { continue }
            _ = compiler.compile(numbering()) { true }
            #expect(!compiler.isBehind)
            for (index, origin) in origins.enumerated() {
                #expect(try followers[index].follow(try #require(compiler.history(of: origin))), "step \(step), \(origin.text)")
            }
        }
        // The first is of IPv6 addresses, too few for differences that are not larger than the zone. The last has services with names below one
        // that answers for others: their differences are not known.
        #expect(followers[1].whole == 0 && followers[1].applied > 10 && followers[2].applied > 20, "\(followers.map(\.applied))")
    }

    @Test func `queries see a change before there is a version of it`() throws {
        var compiler = ZoneCompiler(policies: [origin: TestRegistry.policy], seed: 1)
        compiler.replace(with: Registry(services: ["stable": service(1..<50)]), for: origin)
        _ = compiler.compile(numbering()) { true }
        compiler.apply(RegistryChange(services: ["a": service(0..<1)]), to: origin)
        let early = try #require(compiler.compile(numbering(isEarly: true)) { true }[origin])
        #expect(early.authority.serial == 1 && MasterFile.text(of: early).contains("a.svc.local. 5 IN A 10.0.0.0"))
        let history = try #require(compiler.history(of: origin))
        #expect(history.serial == 1 && !MasterFile.text(of: history.zone).contains("10.0.0.0") && compiler.isBehind)
        let later = try #require(compiler.compile(numbering()) { true }[origin])
        #expect(later.authority.serial == 2 && compiler.history(of: origin)?.zone === later && !compiler.isBehind)
        #expect(compiler.history(of: origin)?.differences(since: 1)?.count == 1)
    }

    @Test func `names of other services below one that answers for others are never left out`() throws {
        var compiler = ZoneCompiler(policies: [origin: TestRegistry.policy], seed: 1)
        func web(_ address: UInt32) -> Service {
            let provider = Provider(host: .ipv4(IPv4Address(value: address)), port: 80, details: ProviderDetails(zone: "z1"))
            return Service(registrations: ["one": Registration(creationZxid: 1, provider: provider)])
        }
        let other = service(0..<20)
        compiler.replace(with: Registry(services: ["web": web(1), "k.prefer._zone.web": other, "stable": service(20..<60)]), for: origin)
        _ = compiler.compile(numbering()) { true }
        var follower = Follower(try #require(compiler.history(of: origin)))
        for address in 2..<5 as Range<UInt32> {
            compiler.apply(RegistryChange(services: ["web": web(address)]), to: origin)
            _ = compiler.compile(numbering()) { true }
            #expect(try follower.follow(try #require(compiler.history(of: origin))))
        }
        compiler.apply(RegistryChange(services: ["k.prefer._zone.web": nil]), to: origin)
        _ = compiler.compile(numbering()) { true }
        #expect(try follower.follow(try #require(compiler.history(of: origin))))
        let whole = follower.whole
        compiler.apply(RegistryChange(services: ["web": web(9)]), to: origin)
        _ = compiler.compile(numbering()) { true }
        #expect(try follower.follow(try #require(compiler.history(of: origin))) && follower.whole == whole)
    }

    @Test func `a difference has the records that differ, however many stay`() throws {
        var compiler = ZoneCompiler(policies: [origin: TestRegistry.policy], seed: 1)
        compiler.replace(with: Registry(services: ["a": service(0..<1000)]), for: origin)
        _ = compiler.compile(numbering()) { true }
        compiler.apply(RegistryChange(services: ["a": service(1..<1001)]), to: origin)
        _ = compiler.compile(numbering()) { true }
        let difference = try #require(compiler.history(of: origin)?.differences.first)
        // Of one provider: its address among the service's and by itself, SRV of the service and by itself, `_one`.
        #expect(difference.gone.count < 500 && difference.came.count < 500 && difference.gone.count > 100)
    }

    @Test func `the journal has as many octets as it may, and no more than the zone`() throws {
        var compiler = ZoneCompiler(policies: [origin: TestRegistry.policy], seed: 1)
        compiler.replace(with: Registry(services: ["a": service(0..<100)]), for: origin)
        _ = compiler.compile(numbering()) { true }
        let length = try ZoneRecords.length(of: #require(compiler.history(of: origin)?.zone))
        func kept(_ step: Int, journal: Int?) -> [ZoneDifference]? {
            compiler.apply(RegistryChange(services: ["b": service(step..<step + 1)]), to: origin)
            _ = compiler.compile(numbering(journal: journal)) { true }
            return compiler.history(of: origin)?.differences
        }
        let one = try #require(kept(0, journal: 1 << 20)?.first).length
        for step in 1..<200 { _ = kept(step, journal: 1 << 20) }
        let most = try #require(kept(200, journal: 1 << 20))
        #expect(most.count > 3 && most.reduce(0) { $0 + $1.length } <= length + 2 * one)
        let few = try #require(kept(201, journal: 4 * one))
        #expect((1...4).contains(few.count))
        #expect(kept(202, journal: nil)?.isEmpty == true && kept(202, journal: 0)?.isEmpty == true)
        #expect(kept(203, journal: 1 << 20)?.isEmpty == true)
        // What is larger than the zone is no difference.
        compiler.apply(RegistryChange(services: ["a": nil]), to: origin)
        _ = compiler.compile(numbering()) { true }
        #expect(compiler.history(of: origin)?.differences.isEmpty == true)
    }

    @Test func `a version whose SOA record says something else begins a new journal`() throws {
        var policy = TestRegistry.policy
        var compiler = ZoneCompiler(policies: [origin: policy], seed: 1)
        compiler.replace(with: Registry(services: ["a": service(0..<100)]), for: origin)
        for step in 0..<3 {
            compiler.apply(RegistryChange(services: ["b": service(step..<step + 1)]), to: origin)
            _ = compiler.compile(numbering()) { true }
        }
        #expect(compiler.history(of: origin)?.differences.count == 2)
        policy.negativeTTL += 1
        compiler.serve([origin: policy])
        _ = compiler.compile(numbering()) { true }
        #expect(compiler.history(of: origin)?.differences.isEmpty == true)
        compiler.apply(RegistryChange(services: ["b": nil]), to: origin)
        _ = compiler.compile(numbering()) { true }
        #expect(compiler.history(of: origin)?.differences.count == 1)
    }

    @Test func `serials follow the clock, and rise where it was set back`() throws {
        var serials = SerialSequence(VersionPolicy()) { 100 }
        let start = ContinuousClock.now + .seconds(1)
        #expect(serials.numbers(at: start)(nil) == 100)
        #expect(serials.numbers(at: start)(150) == 151 && serials.numbers(at: start)(90) == 100)
        serials.note(101, at: start)
        #expect(serials.numbers(at: start + .milliseconds(99))(101) == nil && serials.numbers(at: start + .milliseconds(99))(nil) == 100)
        #expect(serials.nextVersion(after: start) == start + .milliseconds(100))
        #expect(serials.numbers(at: start + .milliseconds(100))(101) == 102)
        #expect(serials.numbers(at: start + .milliseconds(100))(.max) == 100)
        // A zone that is gone and comes back goes on above all serials.
        serials.follow(VersionPolicy(), at: start)
        #expect(serials.numbers(at: start + .milliseconds(99))(nil) == nil && serials.numbers(at: start + .milliseconds(100))(nil) == 102)
        var modulo = VersionPolicy()
        (modulo.remainder, modulo.modulus) = (5, 16)
        serials.follow(modulo, at: start)
        #expect(serials.numbers(at: start + .seconds(1))(101) == nil)
        #expect(serials.numbers(at: start + .milliseconds(1010))(101) == 117 && serials.numbers(at: start + .milliseconds(1010))(80) == 85)
    }

    /// A server that is killed and started again at once, again and again, whatever it had written.
    @Test(arguments: [(0, 1), (1, 2), (3, 4), (15, 16)] as [(UInt32, UInt32)])
    func `no serial is given twice, nor is one ahead of the clock`(_ remainder: UInt32, _ modulus: UInt32) {
        var policy = VersionPolicy()
        (policy.remainder, policy.modulus) = (remainder, modulus)
        var random = Numbers(state: UInt64(modulus))
        let begin = ContinuousClock.now
        var now: Duration = .seconds(100)
        var given: [UInt32] = []
        for _ in 0..<200 {
            let life = now + .milliseconds(Int.random(in: 0...2500, using: &random))
            let shown = Mutex<UInt32>(0)
            var serials = SerialSequence(policy) { shown.withLock { $0 } }
            // The sequence begins now by its own clock.
            let offset = ContinuousClock.now - (begin + now)
            var last: UInt32?
            while now < life {
                let ticks = SerialSequence.ticks(1_795_651_200_000 + Int64(now / .milliseconds(1)))
                shown.withLock { $0 = ticks }
                let instant = begin + now + offset
                if let serial = serials.numbers(at: instant)(last) {
                    serials.note(serial, at: instant)
                    given.append(serial)
                    last = serial
                    #expect(serial <= ticks && serial % modulus == remainder)
                }
                now += .milliseconds(Int.random(in: 1...40, using: &random))
            }
        }
        #expect(given.count > 100 && zip(given, given.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func `a serial is the time in sixteenths of a second, above seconds since 1970`() {
        let now: Int64 = 1_795_651_200_000
        #expect(SerialSequence.ticks(now) == 2_224_281_600)
        #expect(SerialSequence.ticks(now + 999) == 2_224_281_615)
        #expect(Int32(bitPattern: SerialSequence.ticks(now) &- UInt32(now / 1000)) > 0)
        #expect(SerialSequence.leastTime(after: nil) == 0 && SerialSequence.leastTime(after: 1) == 0)
        #expect(SerialSequence.leastTime(after: .max) == .max)
        let clock = SerialSequence.clock(notBefore: ClockReading.now.milliseconds + 60_000)
        #expect(Int32(bitPattern: clock() &- SerialSequence.ticks(ClockReading.now.milliseconds)) >= 60 * 16)
        #expect(Int32(bitPattern: SerialSequence.clock(notBefore: 1)() &- SerialSequence.ticks(ClockReading.now.milliseconds)) <= 1)
    }
}
