import Foundation
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
        let details = ProviderDetails(
            status: .draining, ports: [NamedPort(name: "a", port: 1), NamedPort(name: "b", port: 2, host: .name("c.example"))],
            attributes: ["k": "v", "empty": ""], zone: "z", alpn: ["h2"], ttl: 30)
        web.registrations["rich"] = registration(.name("d.example"))
        web.registrations["rich"]?.provider.details = details
        let entries = #"{"select":"inet=[::1]:80","weight":0.1},{"select":"member=m","weight":2},{"select":"shard=7","weight":3}"#
        if case .weights(let vector)? = try? RegistryFormat.serverset.read("vector_1", Array(#"{"vector":[\#(entries)]}"#.utf8)) {
            web.weights["vector_1"] = vector
        }
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
        #expect(example.first?.registry.services["web"]?.weights.values.first?.factors.count == 3)
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

    @Test func `details beyond the bounds cost themselves alone`() throws {
        let ports = (1...40).map { NamedPort(name: "p\($0)", port: UInt16($0)) } + [NamedPort(name: "q", port: 1, host: .name("h"))]
        let details = ProviderDetails(
            status: .draining, ports: ports, attributes: ["a=b": "", "k": "v"], zone: "a..b", alpn: ["", "h2"], ttl: 0)
        var saved = registration(.name("a.example"))
        saved.provider.details = details
        let source = SavedRegistry.Source(origin: "a", path: "/p")
        let registry = Registry(services: ["web": Service(registrations: ["i": saved])])
        let octets = RegistryFile.encode([SavedRegistry(source: source, registry: registry, asOf: clock.instant)], at: clock)
        let read = try RegistryFile.decode(octets, at: clock)
        let expected = ProviderDetails(
            status: .draining, ports: Array(ports.prefix(32)), attributes: ["k": "v"], alpn: ["h2"], ttl: 1)
        #expect(read.first?.registry.services["web"]?.registrations["i"]?.provider.details == expected)
    }

    @Test func `another program's file and another version's are distinguished`() {
        #expect(failure(Array("root:x:0:0".utf8)) == .foreign)
        for version: UInt8 in [0, 3] {
            var octets = RegistryFile.encode(example, at: clock)
            octets[16] = version
            #expect(failure(octets) == .otherVersion)
        }
    }

    @Test func `the version before is read`() throws {
        let source = SavedRegistry.Source(origin: "a", path: "/p")
        let services: [ServiceName: Service] = ["web": Service(registrations: ["i": registration(.name("h.example"))])]
        let saved = SavedRegistry(source: source, registry: Registry(services: services), asOf: clock.instant)
        let octets = try #require(
            Data(
                base64Encoded:
                    "em9vZG5zIHJlZ2lzdHJ5CgEAAAABAAAAAWEAAAACL3AAAAGjGFxQAAAAAAEAAAADd2ViAAAAAAEAAAABaf/////////5AAAAAAlo"
                    + "LmV4YW1wbGUAUAAD//9/pTlA7EFwNPuv5afRHeairAkTHmOKaT0U1kTEEptjnw=="))
        #expect(try RegistryFile.decode(Array(octets), at: clock) == [saved])
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
