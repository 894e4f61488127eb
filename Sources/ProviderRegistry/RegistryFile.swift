import Crypto

/// The form that registries have in a file: a line that says what it is, a version, the registries, and the SHA-256 of all that.
///
/// What is read of a znode is in it, not its octets: no field that a registrant keeps for others.
package enum RegistryFile {
    /// Why octets are no registries.
    package enum Failure: String, Error, Sendable {
        /// It does not begin as our files do.
        case foreign = "it is no state file of zoodns"
        /// A later or earlier program has written it.
        case otherVersion = "it is of another version of zoodns"
        /// It is cut short, or some of it is not as it was written.
        case damaged = "it is damaged"
    }

    /// Most octets of a file, 256 MiB: room for two million providers. Larger ones are neither written nor read.
    package static let largest = 256 << 20

    private static let title = Array("zoodns registry\n".utf8)
    private static let version: UInt8 = 2
    /// The version before, without details of providers and weights of services.
    private static let plainVersion: UInt8 = 1

    /// Registries as octets. O(providers).
    package static func encode(_ registries: [SavedRegistry], at clock: ClockReading) -> [UInt8] {
        var writer = OctetWriter()
        writer.write(raw: title)
        writer.write(version)
        writer.write(UInt32(clamping: registries.count))
        for saved in registries {
            writer.write(saved.source.origin)
            writer.write(saved.source.path)
            writer.write(clock.milliseconds(of: saved.asOf))
            writer.write(UInt32(clamping: saved.registry.services.count))
            for (name, service) in saved.registry.services {
                writer.write(name.text)
                writer.write(service, at: clock)
            }
        }
        writer.write(raw: SHA256.hash(data: writer.octets))
        return writer.octets
    }

    /// Reads registries. Times that are still to come, by the calendar's clock, are now.
    package static func decode(_ octets: [UInt8], at clock: ClockReading) throws(Failure) -> [SavedRegistry] {
        guard octets.starts(with: title) else { throw octets.isEmpty || title.starts(with: octets) ? .damaged : .foreign }
        guard let version = octets.dropFirst(title.count).first else { throw .damaged }
        guard version == Self.version || version == plainVersion else { throw .otherVersion }
        let content = octets.dropLast(SHA256.byteCount)
        guard content.count > title.count, SHA256.hash(data: content) == octets.suffix(SHA256.byteCount) else { throw .damaged }
        var reader = OctetReader(content.dropFirst(title.count + 1))
        do throws(OctetReader.Failure) {
            let registries = try reader.registries(at: clock, isPlain: version == plainVersion)
            guard reader.isAtEnd else { throw OctetReader.Failure() }
            return registries
        } catch {
            throw .damaged
        }
    }
}

/// How a service's reach is written.
private enum ReachCode {
    static let current: UInt8 = 0
    static let lost: UInt8 = 1
    static let unknown: UInt8 = 2
}

/// What the octet before a provider says, as bits.
private enum ProviderFlag {
    static let isHeld: UInt8 = 1
    static let hasDetails: UInt8 = 2
}

extension OctetWriter {
    fileprivate mutating func write(_ service: Service, at clock: ClockReading) {
        switch service.reach {
        case .current: write(ReachCode.current)
        case .lost(let since):
            write(ReachCode.lost)
            write(clock.milliseconds(of: since))
        case .unknown: write(ReachCode.unknown)
        }
        write(UInt32(clamping: service.count))
        for (instance, registration) in service.registrations { write(instance, registration, isHeld: false) }
        for held in service.held { write(held.instance, held.registration, isHeld: true) }
        write(UInt32(clamping: service.weights.count))
        for (instance, vector) in service.weights {
            write(instance.text)
            vector.write(to: &self)
        }
    }

    private mutating func write(_ instance: InstanceName, _ registration: Registration, isHeld: Bool) {
        let provider = registration.provider
        write(instance.text)
        write(registration.creationZxid)
        write((isHeld ? ProviderFlag.isHeld : 0) | (provider.details == nil ? 0 : ProviderFlag.hasDetails))
        write(provider.host.text)
        write(provider.port)
        write(provider.weight)
        write(provider.priority)
        provider.details?.write(to: &self)
    }
}

extension OctetReader {
    fileprivate mutating func registries(at clock: ClockReading, isPlain: Bool) throws(Failure) -> [SavedRegistry] {
        var registries: [SavedRegistry] = []
        // Counts reserve nothing: each thing that they count must be there.
        for _ in 0..<(try number(UInt32.self)) {
            let source = SavedRegistry.Source(origin: try text(), path: try text())
            let asOf = try instant(clock)
            var registry = Registry()
            for _ in 0..<(try number(UInt32.self)) {
                registry.services[ServiceName(try text())] = try service(at: clock, isPlain: isPlain)
            }
            registries.append(SavedRegistry(source: source, registry: registry, asOf: asOf))
        }
        return registries
    }

    private mutating func service(at clock: ClockReading, isPlain: Bool) throws(Failure) -> Service {
        var service = Service()
        switch try number(UInt8.self) {
        case ReachCode.current: break
        case ReachCode.lost: service.reach = .lost(since: try instant(clock))
        case ReachCode.unknown: service.reach = .unknown
        default: throw Failure()
        }
        for _ in 0..<(try number(UInt32.self)) {
            let instance = InstanceName(try text())
            let (registration, isHeld) = try registration()
            if isHeld {
                service.held.append(HeldProvider(instance: instance, registration: registration))
            } else {
                service.registrations[instance] = registration
            }
        }
        guard !isPlain else { return service }
        for _ in 0..<(try number(UInt32.self)) { service.weights[InstanceName(try text())] = try WeightVector(from: &self) }
        return service
    }

    private mutating func registration() throws(Failure) -> (Registration, isHeld: Bool) {
        let created = Int64(bitPattern: try number(UInt64.self))
        let flags = try number(UInt8.self)
        guard flags <= ProviderFlag.isHeld | ProviderFlag.hasDetails else { throw Failure() }
        guard let host = ProviderHost(try text()), host.isReachable else { throw Failure() }
        let port = try number(UInt16.self)
        guard port > 0 else { throw Failure() }
        var provider = Provider(host: host, port: port, weight: try number(UInt16.self), priority: try number(UInt16.self))
        if flags & ProviderFlag.hasDetails != 0 { provider.details = try ProviderDetails.read(from: &self) }
        return (Registration(creationZxid: created, provider: provider), flags & ProviderFlag.isHeld != 0)
    }

    private mutating func instant(_ clock: ClockReading) throws(Failure) -> ContinuousClock.Instant {
        clock.instant(of: Int64(bitPattern: try number(UInt64.self)))
    }
}
