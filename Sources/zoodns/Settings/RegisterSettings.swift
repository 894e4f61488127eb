import Explanation
import ProviderRegistration
import ProviderRegistry

/// The settings of `register`, checked.
struct RegisterSettings {
    let registry: RegistrySettings
    let provider: ProviderAnnouncement
    /// Where it is registered.
    let layout: RegistryLayout
    let readers: RegistrationReaders
    let check: ServiceCheck
    /// Why others may not find the machine by its own name; nil if there is nothing to say, or a host was named.
    let hostDoubt: String?
    /// Where the tcp check connects unless it says so itself: the provider's host if one was named.
    let ownPort: CheckedPort
    let checkInterval: Duration
    let checkFailures: Int
    let drain: Duration
    let stop: WrappedProgram.Stop
    /// Nil: without limit.
    let connectTimeout: Duration?
    /// Whether the program goes on when this process is killed.
    let keepsProgram: Bool
    /// The program to start and its arguments; empty for one that runs already.
    let command: [String]

    /// What a program has by default to end after the drain: with the usual drain a second less than Docker waits.
    static let timeAfterDrain: Duration = .seconds(4)

    /// Throws with all problems.
    init(_ registryOptions: RegistryOptions, _ options: RegisterOptions, _ reader: SettingsReader = SettingsReader()) throws(CommandFailure)
    {
        var reader = reader
        registry = RegistrySettings(registryOptions, &reader, for: .register)
        if registry.zones.count > 1 { reader.complain("--zone: expected one, where to register") }
        let readableBy = reader.value(Declared.readableBy, options.readableBy)
        readers = readableBy ?? .world
        if readableBy != nil, registry.credentials == nil, reader.problems.isEmpty {
            reader.complain("--readable-by: expected only with --zookeeper-auth: without it anyone may change what is registered")
        }
        check = reader.value(Declared.check, options.check)
        checkInterval = reader.value(Declared.checkInterval, options.checkInterval)
        checkFailures = reader.value(Declared.checkFailures, options.checkFailures)
        (drain, stop) = Self.stop(options, &reader)
        connectTimeout = reader.value(Declared.connectTimeout, options.connectTimeout)
        keepsProgram = reader.value(Declared.keepProgram, options.keepProgram)
        command = options.command
        let host = reader.value(Declared.host, options.host)
        let place = registry.zones.first
        let announced = Self.provider(options, host: host, place, &reader)
        let fitting = announced.flatMap { Self.layout($0, place, &reader) }
        try reader.finish()
        guard let announced, let fitting else { throw .usage(["nothing to register"]) }
        (provider, layout) = (announced, fitting)
        hostDoubt = host == nil ? MachineName.doubt(announced.host) : nil
        ownPort = CheckedPort(host: host.flatMap(ProviderHost.init)?.text ?? "localhost", port: announced.port)
    }

    private static func stop(_ options: RegisterOptions, _ reader: inout SettingsReader) -> (drain: Duration, WrappedProgram.Stop) {
        let limit = reader.value(Declared.stopTimeout, options.stopTimeout)
        let drain =
            reader.value(Declared.drain, options.drain) ?? min(.usualDrain, limit.map { $0 / 2 } ?? .usualDrain)
        if let limit, limit <= drain { reader.complain("--stop-timeout: expected more than --drain, which is part of it") }
        let signal = reader.value(Declared.stopSignal, options.stopSignal)
        return (drain, WrappedProgram.Stop(signal: signal, limit: limit ?? drain + timeAfterDrain))
    }

    /// The provider to register; nil with a problem. May ask DNS for the machine's name, unless there are problems already.
    private static func provider(
        _ options: RegisterOptions, host: String?, _ zone: ZoneSource?, _ reader: inout SettingsReader
    ) -> ProviderAnnouncement? {
        let service = reader.plainValue("SERVICE", options.service, as: "SERVICE", expected: "a service's name") { Optional($0) }
        let ports = reader.value(Declared.ports, options.ports)
        let port = port(options, isNeeded: ports.isEmpty, &reader)
        let attributes = reader.value(Declared.attribute, options.attribute)
        if Set(ports.map(\.name)).count < ports.count { reader.complain("--ports: expected each name once") }
        if Set(attributes.map(\.key)).count < attributes.count { reader.complain("--attribute: expected each key once") }
        let format = format(options, zone, &reader)
        let weight = reader.value(Declared.weight, options.weight).map { UInt16(clamping: $0) }
        let priority = reader.value(Declared.priority, options.priority).map { UInt16(clamping: $0) }
        let instance = reader.value(Declared.instance, options.instance)
        let status = reader.value(Declared.status, options.status) ?? .up
        let place = reader.value(Declared.availabilityZone, options.availabilityZone)
        let alpn = reader.value(Declared.alpn, options.alpn)
        guard let service, let format, reader.problems.isEmpty else { return nil }
        do throws(AnnouncementError) {
            return try ProviderAnnouncement(
                service: service, host: host, port: port, ports: ports, instance: instance, weight: weight, priority: priority,
                status: status, attributes: Dictionary(attributes.map { ($0.key, $0.value) }) { $1 }, zone: place, alpn: alpn,
                format: format)
        } catch {
            reader.complain(error == .namelessMachine ? "\(error): give --host" : "\(error)")
            return nil
        }
    }

    /// The registry that a provider's document fits; nil with a problem.
    private static func layout(
        _ provider: ProviderAnnouncement, _ zone: ZoneSource?, _ reader: inout SettingsReader
    ) -> RegistryLayout? {
        guard let pattern = zone?.layout.pattern,
            let layout = RegistryLayout(pattern: pattern, format: provider.format.registryFormat), layout.has(provider)
        else {
            reader.complain("SERVICE \(provider.service.debugDescription): expected a name of as many levels as --zone has")
            return nil
        }
        return layout
    }

    /// The port; nil where a named one takes its place, or with a problem.
    private static func port(_ options: RegisterOptions, isNeeded: Bool, _ reader: inout SettingsReader) -> UInt16? {
        guard isNeeded || options.port != nil || reader.plainVariable(Declared.port.variable) != nil else { return nil }
        return reader.plainValue(Declared.port.variable, options.port, as: "--port", expected: Declared.port.expected) {
            UInt16(digits: $0).flatMap { $0 > 0 ? $0 : nil }
        }
    }

    /// The format of the document: the zone's unless another is asked for; nil with a problem.
    private static func format(
        _ options: RegisterOptions, _ zone: ZoneSource?, _ reader: inout SettingsReader
    ) -> ProviderAnnouncement.Format? {
        if let format = reader.value(Declared.format, options.format) { return format }
        let name = zone?.layout.format.name ?? RegistryFormat.providers.name
        if let format = ProviderAnnouncement.Format(rawValue: name) { return format }
        let names = ProviderAnnouncement.Format.allCases.map(\.rawValue).joined(separator: " and ")
        reader.complain("--zone: register writes documents of the formats \(names), not \(name)")
        return nil
    }
}
