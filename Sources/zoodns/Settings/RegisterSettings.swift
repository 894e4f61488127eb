import ProviderRegistration
import ProviderRegistry

/// The settings of `register`, checked.
struct RegisterSettings {
    let registry: RegistrySettings
    let provider: ProviderAnnouncement
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
        let announced = Self.provider(options, host: host, &reader)
        try reader.finish()
        guard let announced else { throw .usage(["nothing to register"]) }
        provider = announced
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
        _ options: RegisterOptions, host: String?, _ reader: inout SettingsReader
    ) -> ProviderAnnouncement? {
        let service = reader.plainValue("SERVICE", options.service, as: "SERVICE", expected: "a service's name") { Optional($0) }
        let port = reader.plainValue(
            Declared.port.variable, options.port, as: "--port", expected: Declared.port.expected
        ) { UInt16($0).flatMap { $0 > 0 ? $0 : nil } }
        let weight = reader.value(Declared.weight, options.weight).map { UInt16(clamping: $0) }
        let priority = reader.value(Declared.priority, options.priority).map { UInt16(clamping: $0) }
        let instance = reader.value(Declared.instance, options.instance)
        guard let service, let port, reader.problems.isEmpty else { return nil }
        do throws(AnnouncementError) {
            return try ProviderAnnouncement(
                service: service, host: host, port: port, instance: instance, weight: weight, priority: priority)
        } catch {
            reader.complain(error == .namelessMachine ? "\(error): give --host" : "\(error)")
            return nil
        }
    }
}
