import DNSAuthority
import Glibc
import IPAddressing
import Logging
import ProviderRegistry
import Synchronization
import ZoneCompilation

/// Prints, for registries of growing size or of the sizes that are given, what a zone costs to compile and to keep, and how long one service's change takes to be published.
@main
struct ZoneBenchmark {
    private static let providersPerService = 10
    private static let changes = 200

    static func main() async throws {
        print("   providers   PTR   compile ms   octets a provider   publish a change, µs: median (least–greatest)")
        let wanted = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let sizes = wanted.isEmpty ? [100, 1000, 10_000, 100_000, 1_000_000] : wanted
        for size in sizes { for hasReverse in [false, true] { try await measure(size, hasReverse: hasReverse) } }
        print("\n   providers   state file KiB   encode ms   decode ms")
        for size in sizes { try measureState(size) }
    }

    /// What it takes to keep a registry for a start without ZooKeeper, the disk apart.
    private static func measureState(_ size: Int) throws {
        let clock = ClockReading.now
        let source = SavedRegistry.Source(origin: "svc.local", path: "/providers")
        let saved = SavedRegistry(source: source, registry: registry(size / providersPerService), asOf: clock.instant)
        var start = ContinuousClock.now
        let octets = RegistryFile.encode([saved], at: clock)
        let encoded = ContinuousClock.now - start
        start = .now
        _ = try RegistryFile.decode(octets, at: clock)
        let decoded = ContinuousClock.now - start
        let columns = [
            "\(size)".leftPadded(12), "\(octets.count >> 10)".leftPadded(17), "\(encoded.microseconds / 1000)".leftPadded(12),
            "\(decoded.microseconds / 1000)".leftPadded(12),
        ]
        print(columns.joined())
    }

    /// `hasReverse`: the providers' addresses have names.
    private static func measure(_ size: Int, hasReverse: Bool) async throws {
        let services = size / providersPerService
        let registry = registry(services)
        let origin = DomainName(text: "svc.local") ?? .root
        let policy = ZonePolicy(ttl: 5, negativeTTL: 1, nameServerAddresses: [])
        let ranges = [AddressRange("10.0.0.0/8")].compactMap(\.self)
        let published = Published()
        var versions = VersionPolicy()
        // Each change is one publication.
        versions.interval = .zero
        let publisher = ZonePublisher(
            policies: [origin: policy], reverse: ReversePolicy(hasReverse ? ranges : [], policy: policy, zone: origin),
            versions: versions, seed: 1,
            outlets: .init(publish: published.note, follow: { _ in }), ticks: { 1 },
            logger: Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { try await publisher.run() }
        defer { task.cancel() }

        let before = residentOctets()
        var start = ContinuousClock.now
        publisher.send(.complete(registry), for: origin)
        let compiled = await published.next() - start
        let octets = residentOctets() - before

        var times: [Duration] = []
        for change in 0..<changes {
            let name = name(of: change * 7919 % services)
            // Other addresses than before, so that names of addresses change too.
            let service = service(services + change, port: UInt16(9000 + change))
            start = .now
            publisher.send(.changed(RegistryChange(services: [name: service])), for: origin)
            times.append(await published.next() - start)
        }
        times.sort()
        let columns = [
            "\(size)".leftPadded(12), (hasReverse ? "yes" : "no").leftPadded(6), "\(compiled.microseconds / 1000)".leftPadded(13),
            "\(octets / size)".leftPadded(20),
            "   \(times[changes / 2].microseconds) (\(times[0].microseconds)–\(times[changes - 1].microseconds))",
        ]
        print(columns.joined())
    }

    private static func name(of number: Int) -> ServiceName { ServiceName("service-\(number)") }

    private static func registry(_ services: Int) -> Registry {
        Registry(services: Dictionary(uniqueKeysWithValues: (0..<services).map { (name(of: $0), service($0, port: 8000)) }))
    }

    /// A service whose providers have names as long as a UUID and different addresses.
    private static func service(_ number: Int, port: UInt16) -> Service {
        var service = Service()
        for index in 0..<providersPerService {
            let id = number * providersPerService + index
            let digits = String(id)
            let instance = InstanceName("00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits)
            let provider = Provider(host: .ipv4(IPv4Address(value: 0x0A00_0000 + UInt32(id))), port: port)
            service.registrations[instance] = Registration(creationZxid: Int64(id), provider: provider)
        }
        return service
    }

    /// Octets of the process in memory. The C library's view is `/proc/self/statm`.
    private static func residentOctets() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
        return (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }
}

/// When zones were published.
private final class Published: Sendable {
    private let (instants, continuation) = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
    /// Kept as a server keeps them.
    private let zones = Mutex(ServedZones())

    func note(_ zones: ServedZones) {
        self.zones.withLock { $0 = zones }
        continuation.yield(.now)
    }

    func next() async -> ContinuousClock.Instant {
        var iterator = instants.makeAsyncIterator()
        return await iterator.next() ?? .now
    }
}

extension Duration {
    fileprivate var microseconds: Int { Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000) }
}

extension String {
    fileprivate func leftPadded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
