import ProviderRegistration
import ProviderRegistry

/// What `register` has to know, checked.
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
        let service = reader.plainValue("SERVICE", options.service, as: "SERVICE", expected: "a service's name") { Optional($0) }
        let port = reader.plainValue("PORT", options.port, as: "--port", expected: "a number from 1 to 65535") {
            UInt16($0).flatMap { $0 > 0 ? $0 : nil }
        }
        let host = options.host ?? reader.plainVariable("HOST")
        if let host, ProviderHost(host) == nil { reader.complain("--host \(host.debugDescription): expected a host name or an address") }
        let number16 = "a number from 0 to 65535"
        let weight = reader.value("weight", options.weight, default: nil, expected: number16) { UInt16($0).map(Optional.some) }
        let priority = reader.value("priority", options.priority, default: nil, expected: number16) { UInt16($0).map(Optional.some) }
        let instance = reader.value("instance", options.instance, default: nil, expected: "a znode's name") { Optional.some($0) }
        let readableBy = reader.value("readable-by", options.readableBy, default: nil, expected: "world or creator") {
            RegistrationReaders(rawValue: $0).map(Optional.some)
        }
        readers = readableBy ?? .world
        if readableBy != nil, registry.credentials == nil, reader.problems.isEmpty {
            reader.complain("--readable-by: expected only with --zookeeper-auth: without it anyone may change what is registered")
        }
        check = reader.value(
            "check", options.check, default: .tcp(nil),
            expected: "tcp, tcp://HOST:PORT, http://HOST:PORT/PATH, https://HOST:PORT/PATH, exec:COMMAND or none", ServiceCheck.init)
        checkInterval = reader.value(
            "check-interval", options.checkInterval, default: .seconds(2), expected: "a duration from 10ms to 1h, such as 2s"
        ) { Duration(text: $0).flatMap { .milliseconds(10) ... .seconds(3600) ~= $0 ? $0 : nil } }
        checkFailures = reader.value("check-failures", options.checkFailures, default: 3, expected: "a number from 1 to 1000") {
            Int($0).flatMap { 1...1000 ~= $0 ? $0 : nil }
        }
        let stopTimeout = reader.value("stop-timeout", options.stopTimeout, default: nil, expected: "a duration such as 30s") {
            Duration(text: $0).flatMap { $0 > .zero ? .some($0) : nil }
        }
        drain = reader.value(
            "drain", options.drain, default: min(Self.usualDrain, stopTimeout.map { $0 / 2 } ?? Self.usualDrain),
            expected: "a duration such as 5s, or 0"
        ) { Duration(text: $0) }
        if let stopTimeout, stopTimeout <= drain { reader.complain("--stop-timeout: expected more than --drain, which is part of it") }
        stop = WrappedProgram.Stop(
            signal: reader.value(
                "stop-signal", options.stopSignal, default: .term, expected: "a signal that ends a program, such as QUIT or RTMIN+3",
                SignalNumber.init(text:)),
            limit: stopTimeout ?? drain + Self.timeAfterDrain)
        connectTimeout = reader.value("connect-timeout", options.connectTimeout, default: nil, expected: "a duration such as 30s") {
            Duration(text: $0).map(Optional.some)
        }
        keepsProgram = reader.value("keep-program", options.keepProgram, default: false, expected: "on or off") {
            ["on": true, "off": false][$0]
        }
        command = options.command
        var announced: ProviderAnnouncement?
        if let service, let port, reader.problems.isEmpty {
            do throws(AnnouncementError) {
                announced = try ProviderAnnouncement(
                    service: service, host: host, port: port, instance: instance, weight: weight, priority: priority)
            } catch {
                reader.complain(error == .namelessMachine ? "\(error): give --host" : "\(error)")
            }
        }
        try reader.finish()
        guard let announced else { throw .usage(["nothing to register"]) }
        provider = announced
        hostDoubt = host == nil ? MachineName.doubt(announced.host) : nil
        ownPort = CheckedPort(host: host.flatMap(ProviderHost.init)?.text ?? "localhost", port: announced.port)
    }
}
