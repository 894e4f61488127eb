import IPAddressing
import TestSupport
import Testing

@testable import ProviderRegistry

@Suite struct RegistryFileTests {
    private let clock = ClockReading(instant: .now, milliseconds: 1_800_000_000_000)

    private func registration(_ host: ProviderHost, port: UInt16 = 80) -> Registration {
        Registration(creationZxid: -7, provider: Provider(host: host, port: port, weight: 3, priority: 65535))
    }

    private var example: [SavedRegistry] {
        let uuid = InstanceName("7b1f3ad4-9c5e-4b0a-8f3d-2d1c0b9a8e7f")
        var web = Service(registrations: [
            uuid: registration(.ipv4(IPv4Address(value: 1 << 24))), "": registration(.name("a.example"), port: 65535),
        ])
        web.held = [
            HeldProvider(instance: "ü", registration: registration(.ipv6(IPv6Address(value: 1)))),
            HeldProvider(instance: uuid, registration: registration(.name("b.example"))),
        ]
        web.reach = .lost(since: clock.instant - .seconds(90))
        let services: [ServiceName: Service] = ["web": web, "empty": Service(), "unknown": Service(reach: .unknown)]
        return [
            SavedRegistry(
                source: .init(origin: "svc.local", path: "/a/providers"), registry: Registry(services: services),
                asOf: clock.instant - .milliseconds(1500)),
            SavedRegistry(source: .init(origin: "other", path: "/"), registry: Registry(), asOf: clock.instant),
        ]
    }

    private func failure(_ octets: [UInt8]) -> RegistryFile.Failure? {
        do {
            _ = try RegistryFile.decode(octets, at: clock)
            return nil
        } catch {
            return error
        }
    }

    @Test func `what was written is read`() throws {
        #expect(try RegistryFile.decode(RegistryFile.encode(example, at: clock), at: clock) == example)
        #expect(try RegistryFile.decode(RegistryFile.encode([], at: clock), at: clock) == [])
    }

    @Test func `a file that is cut short anywhere, or has an octet more, is damaged`() {
        let octets = RegistryFile.encode(example, at: clock)
        for count in octets.indices { #expect(failure(Array(octets[..<count])) == .damaged, "\(count)") }
        #expect(failure(octets + [0]) == .damaged)
    }

    @Test func `an octet that is different anywhere is seen`() {
        let octets = RegistryFile.encode(example, at: clock)
        for index in octets.indices {
            var other = octets
            other[index] ^= 0x20
            #expect(failure(other) != nil, "\(index)")
        }
    }

    @Test func `another program's file and another version's are distinguished`() {
        #expect(failure(Array("root:x:0:0".utf8)) == .foreign)
        var octets = RegistryFile.encode(example, at: clock)
        octets[16] = 2
        #expect(failure(octets) == .otherVersion)
    }

    @Test func `counts and lengths that lie reserve nothing and end nothing`() {
        for octets: [UInt8] in [[0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x41], [0, 0, 0, 2]] {
            var reader = OctetReader(octets[...])
            #expect(throws: OctetReader.Failure.self) {
                for _ in 0..<(try reader.number(UInt32.self)) { _ = try reader.text() }
            }
        }
    }

    @Test(arguments: [Int64.min, Int64.max, -1, 0, 1_800_000_000_001, 1_900_000_000_000])
    func `a time that is still to come is now, and one that is nonsense is very long ago`(_ time: Int64) {
        let age = clock.instant(of: time).duration(to: clock.instant)
        #expect(age >= .zero)
        if time > clock.milliseconds { #expect(age == .zero) } else { #expect(age > .seconds(1_000_000_000)) }
    }

    @Test func `a time does not depend on which clock has gone on`() {
        let instant = clock.instant - .seconds(3600)
        let later = ClockReading(instant: clock.instant + .seconds(5), milliseconds: clock.milliseconds + 5000)
        #expect(later.instant(of: clock.milliseconds(of: instant)) == instant)
    }
}
