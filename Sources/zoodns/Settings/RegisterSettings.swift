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

    /// As long as answers live by default.
    private static let usualDrain: Duration = .seconds(5)
    /// What a program has by default to end after the drain: with the usual drain a second less than Docker waits.
    private static let timeAfterDrain: Duration = .seconds(4)

    /// Throws with all problems in one line.
    init(_ registryOptions: RegistryOptions, _ options: RegisterOptions, _ reader: SettingsReader = SettingsReader()) throws(CommandFailure)
    {
        var reader = reader
        registry = RegistrySettings(registryOptions, &reader, logLevel: .info)
        if registry.zones.count > 1 { reader.complain("--zone: expected one, where to register") }
        let readableBy = reader.value("readable-by", options.readableBy, default: nil, expected: "world or creator") {
            RegistrationReaders(rawValue: $0).map(Optional.some)
        }
        readers = readableBy ?? .world
        if readableBy != nil, registry.credentials == nil, reader.problems.isEmpty {
            reader.complain("--readable-by: expected only with --zookeeper-auth: without it anyone may change what is registered")
        }
        (check, checkInterval, checkFailures) = Self.checks(options, &reader)
        (drain, stop) = Self.stop(options, &reader)
        connectTimeout = reader.value("connect-timeout", options.connectTimeout, default: nil, expected: "a duration such as 30s") {
            Duration(text: $0).map(Optional.some)
        }
        keepsProgram = reader.value("keep-program", options.keepProgram, default: false, expected: "on or off") {
            ["on": true, "off": false][$0]
        }
        command = options.command
        let host = options.host ?? reader.plainVariable("HOST")
        let announced = Self.provider(options, host: host, &reader)
        try reader.finish()
        guard let announced else { throw .usage(["nothing to register"]) }
        provider = announced
        hostDoubt = host == nil ? MachineName.doubt(announced.host) : nil
        ownPort = CheckedPort(host: host.flatMap(ProviderHost.init)?.text ?? "localhost", port: announced.port)
    }

    private static func checks(
        _ options: RegisterOptions, _ reader: inout SettingsReader
    ) -> (ServiceCheck, interval: Duration, failures: Int) {
        let check = reader.value(
            "check", options.check, default: .tcp(nil),
            expected: "tcp, tcp://HOST:PORT, http://HOST:PORT/PATH, https://HOST:PORT/PATH, exec:COMMAND or none", ServiceCheck.init)
        let interval = reader.value(
            "check-interval", options.checkInterval, default: .seconds(2), expected: "a duration from 10ms to 1h, such as 2s"
        ) { Duration(text: $0).flatMap { .milliseconds(10) ... .seconds(3600) ~= $0 ? $0 : nil } }
        let failures = reader.value("check-failures", options.checkFailures, default: 3, expected: "a number from 1 to 1000") {
            Int($0).flatMap { 1...1000 ~= $0 ? $0 : nil }
        }
        return (check, interval, failures)
    }

    private static func stop(_ options: RegisterOptions, _ reader: inout SettingsReader) -> (drain: Duration, WrappedProgram.Stop) {
        let limit = reader.value("stop-timeout", options.stopTimeout, default: nil, expected: "a duration such as 30s") {
            Duration(text: $0).flatMap { $0 > .zero ? .some($0) : nil }
        }
        let drain = reader.value(
            "drain", options.drain, default: min(usualDrain, limit.map { $0 / 2 } ?? usualDrain), expected: "a duration such as 5s, or 0"
        ) { Duration(text: $0) }
        if let limit, limit <= drain { reader.complain("--stop-timeout: expected more than --drain, which is part of it") }
        let signal = reader.value(
            "stop-signal", options.stopSignal, default: .term, expected: "a signal that ends a program, such as QUIT or RTMIN+3",
            SignalNumber.init(text:))
        return (drain, WrappedProgram.Stop(signal: signal, limit: limit ?? drain + timeAfterDrain))
    }

    /// The provider to register; nil with a problem. May ask DNS for the machine's name, unless there are problems already.
    private static func provider(
        _ options: RegisterOptions, host: String?, _ reader: inout SettingsReader
    ) -> ProviderAnnouncement? {
        let service = reader.plainValue("SERVICE", options.service, as: "SERVICE", expected: "a service's name") { Optional($0) }
        let port = reader.plainValue("PORT", options.port, as: "--port", expected: "a number from 1 to 65535") {
            UInt16($0).flatMap { $0 > 0 ? $0 : nil }
        }
        if let host, ProviderHost(host) == nil { reader.complain("--host \(host.debugDescription): expected a host name or an address") }
        let number16 = "a number from 0 to 65535"
        let weight = reader.value("weight", options.weight, default: nil, expected: number16) { UInt16($0).map(Optional.some) }
        let priority = reader.value("priority", options.priority, default: nil, expected: number16) { UInt16($0).map(Optional.some) }
        let instance = reader.value("instance", options.instance, default: nil, expected: "a znode's name") { Optional.some($0) }
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
