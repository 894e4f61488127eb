import ArgumentParser
import ProviderRegistration
import ProviderRegistry

extension Declared {
    /// The settings of `register`.
    static let registering: [any DeclaredSetting] = [
        port, host, ports, instance, weight, priority, status, attribute, availabilityZone, alpn, format, check, checkInterval,
        checkFailures, drain, stopSignal, stopTimeout, keepProgram, readableBy, connectTimeout,
    ]

    static let port = Setting(
        "port", "number", "The port that it serves; also from PORT.", SettingForm<Int>.number(1...65535).optional, default: nil,
        for: .registering, variable: "PORT")
    static let host = Setting(
        "host", "name or ip", "The host that it serves on; also from HOST.",
        SettingForm<String>("a host name or an address") { ProviderHost($0) == nil ? nil : $0 }.optional, default: nil,
        shownAs: "this machine's full name", for: .registering, variable: "HOST")
    static let ports = Setting(
        "ports", "name=port", "A port with a name; the first one stands for --port if that is not given. May be repeated.",
        .list(of: "a name and a port such as http=8080", text: { "\($0.name)=\($0.number)" }, ProviderAnnouncement.Port.init(text:)),
        default: [], shownAs: "none", for: .registering)
    static let instance = Setting(
        "instance", "name", "The name of its znode.", SettingForm<String>("a znode's name") { $0 }.optional, default: nil,
        shownAs: "a new UUID", for: .registering)
    static let weight = Setting(
        "weight", "number", "How often it is chosen in relation to others, 0 to 65535.", SettingForm<Int>.number(0...65535).optional,
        default: nil, shownAs: "1, and not written", for: .registering)
    static let priority = Setting(
        "priority", "number", "The lowest is chosen first, 0 to 65535.", SettingForm<Int>.number(0...65535).optional, default: nil,
        shownAs: "0, and not written", for: .registering)
    static let status = Setting(
        "status", "status", "What the document says: up, draining (found by its own name alone) or down (not found).",
        SettingForm<ProviderAnnouncement.Status>("up, draining or down", text: \.rawValue, ProviderAnnouncement.Status.init).optional,
        default: nil, shownAs: "up, for drain draining", for: [.register, .drain])
    static let attribute = Setting(
        "attribute", "key=value", "What is said of it, in TXT records and _tag names; may be repeated.",
        .list(of: "a key and a value such as version=2", text: { "\($0.key)=\($0.value)" }, KeyedText.init), default: [],
        shownAs: "none", for: .registering)
    static let availabilityZone = Setting(
        "availability-zone", "name", "The part of the world where it is: the document's zone.",
        SettingForm<String>("a name such as eu-central-1a") { $0.isEmpty ? nil : $0 }.optional, default: nil, shownAs: "none",
        for: .registering)
    static let alpn = Setting(
        "alpn", "protocol", "A protocol that it speaks at its port, as TLS names it, such as h2; may be repeated.",
        .list(of: "a protocol such as h2", text: \.self) { 1...255 ~= $0.utf8.count ? $0 : nil }, default: [], shownAs: "none",
        for: .registering)
    static let format = Setting(
        "format", "format", "The format of its document: providers, or curator for readers that use Apache Curator.",
        SettingForm<ProviderAnnouncement.Format>(
            "one of " + ProviderAnnouncement.Format.allCases.map(\.rawValue).joined(separator: ", "), text: \.rawValue,
            ProviderAnnouncement.Format.init
        ).optional, default: nil, shownAs: "that of --zone", for: .registering)
    static let check = Setting(
        "check", "check",
        "When it can serve: tcp or tcp://HOST:PORT (its port, or that one, takes a connection), http://HOST:PORT/PATH or https://… (answers "
            + "2xx or 3xx; the certificate is not looked at), exec:COMMAND (exits with 0) or none.",
        SettingForm("tcp, tcp://HOST:PORT, http://HOST:PORT/PATH, https://HOST:PORT/PATH, exec:COMMAND or none", ServiceCheck.init),
        default: .tcp(nil), shownAs: "tcp", for: .registering)
    static let checkInterval = Setting(
        "check-interval", "duration", "Time between checks, and for one of them.", .duration(.milliseconds(10) ... .seconds(3600)),
        default: .seconds(2), for: .registering)
    static let checkFailures = Setting(
        "check-failures", "number", "After how many failed checks it is withdrawn.", .number(1...1000), default: 3, for: .registering)
    static let drain = Setting(
        "drain", "duration", "How long to go on serving after the withdrawal: the TTL of the answers.",
        SettingForm<Duration>.duration(.zero...).optional, default: nil,
        shownAs: "\(Duration.usualDrain.text), or half of --stop-timeout if that is less", for: .registering)
    static let stopSignal = Setting(
        "stop-signal", "signal",
        "The signal that the program is stopped by, which begins a stop too, such as QUIT, SIGQUIT, 3 or RTMIN+3. SIGTERM goes to all that "
            + "the program has started in its group, any other to the program alone.",
        SettingForm("a signal that ends a program, such as QUIT or RTMIN+3", SignalNumber.init(text:)), default: .term, shownAs: "TERM",
        for: .registering)
    static let stopTimeout = Setting(
        "stop-timeout", "duration", "How long a stop may take in all, the drain included, before the program is killed.",
        SettingForm<Duration>.duration(.milliseconds(1)...).optional, default: nil,
        shownAs: "\(RegisterSettings.timeAfterDrain.text) more than --drain", for: .registering)
    static let keepProgram = Setting(
        "keep-program", "on|off",
        "Whether the program goes on when this process is killed; else the program itself, though not what it has started, is killed too.",
        .onOff, default: false, for: .registering)
    static let readableBy = Setting(
        "readable-by", "world|creator",
        "With --zookeeper-auth, who may read the znode and those made above it; only who registers may change them.",
        SettingForm<RegistrationReaders>("world or creator", text: \.rawValue, RegistrationReaders.init).optional, default: nil,
        shownAs: "world", for: .registering)
    static let connectTimeout = Setting(
        "connect-timeout", "duration", "How long to wait for ZooKeeper at first.", SettingForm<Duration>.duration(.zero...).optional,
        default: nil, shownAs: "without limit", for: .registering)
}

/// Options of `register` alone, as they were written.
struct RegisterOptions: ParsableArguments {
    @Argument(help: "The service; also from the environment, as SERVICE.")
    var service: String?

    @Option(Declared.port) var port: String?
    @Option(Declared.host) var host: String?
    @Option(Declared.ports) var ports: [String]
    @Option(Declared.instance) var instance: String?
    @Option(Declared.weight) var weight: String?
    @Option(Declared.priority) var priority: String?
    @Option(Declared.status) var status: String?
    @Option(Declared.attribute) var attribute: [String]
    @Option(Declared.availabilityZone) var availabilityZone: String?
    @Option(Declared.alpn) var alpn: [String]
    @Option(Declared.format) var format: String?
    @Option(Declared.check) var check: String?
    @Option(Declared.checkInterval) var checkInterval: String?
    @Option(Declared.checkFailures) var checkFailures: String?
    @Option(Declared.drain) var drain: String?
    @Option(Declared.stopSignal) var stopSignal: String?
    @Option(Declared.stopTimeout) var stopTimeout: String?
    @Option(Declared.keepProgram) var keepProgram: String?
    @Option(Declared.readableBy) var readableBy: String?
    @Option(Declared.connectTimeout) var connectTimeout: String?

    @Argument(parsing: .postTerminator, help: "A program to start, registered while it serves.")
    var command: [String] = []
}

/// A key with a text, as it was written.
struct KeyedText: Hashable, Sendable {
    let key: String
    let value: String

    /// Reads `key=value`; nil for a text without a key.
    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
        (key, value) = (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }
}

extension ProviderAnnouncement.Port {
    /// Reads `name=port`; nil for anything else.
    fileprivate init?(text: String) {
        guard let pair = KeyedText(text), let number = UInt16(digits: pair.value), number > 0 else { return nil }
        self.init(pair.key, number)
    }
}
