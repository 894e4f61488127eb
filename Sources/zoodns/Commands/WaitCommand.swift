import ArgumentParser
import DNSAuthority
import Explanation
import IPAddressing

/// `zoodns wait`: ends when name servers answer as is wanted.
struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until all of some name servers answer with a provider, without it, or with a serial.",
        discussion: """
            Asks the servers themselves, secondaries too, again and again. Without --present, --absent and --serial the service has to have \
            a provider. Exits with 0 as soon as all of them answer so, or with 1 at --timeout, with a line for each server that does not.
            """)

    @Argument(help: "The service, or a domain name with SRV records; with a final dot it is a domain name.") var service: String
    @Option(help: ArgumentHelp("The name servers, with commas between, port 53 if none is given.", valueName: "ip[:port]"))
    var servers: String
    @Option(help: ArgumentHelp("A provider that is there: SRV's target or an address of it; may be repeated.", valueName: "host:port"))
    var present: [String] = []
    @Option(help: ArgumentHelp("A provider that is not there; may be repeated.", valueName: "host:port")) var absent: [String] = []
    @Option(help: ArgumentHelp("The zone's serial is this one or a later one (RFC 1982).", valueName: "number")) var serial: String?
    @Option(help: ArgumentHelp("How long to wait. (default: 60s)", valueName: "duration")) var timeout: String?
    @Flag(help: "JSON: an array of servers, with what each lacks.") var json = false
    @Option(Declared.zone) var zone: [String]
    @Option(Declared.config) var config: String?

    /// Servers at most: each is asked by a thread of its own.
    private static let mostServers = 50
    /// How long to wait before all are asked again.
    private static let pause: Duration = .milliseconds(100)

    /// What one server has been asked for, and what that lacks.
    struct Finding: Encodable, Equatable {
        let server: String
        /// Nil for nothing.
        let lack: String?
    }

    func run() async throws {
        var reader = SettingsReader()
        reader.open(config)
        let limit = duration(&reader)
        let servers = self.servers(&reader)
        let awaited = awaitedAnswer(reader.value(Declared.zone, zone), &reader)
        try reader.finish()
        guard let awaited else { return }
        let deadline = ContinuousClock.now + limit
        var findings = await Self.look(for: awaited, at: servers)
        while findings.contains(where: { $0.lack != nil }), ContinuousClock.now < deadline {
            try await Task.sleep(for: min(Self.pause, deadline - .now))
            findings = await Self.look(for: awaited, at: servers)
        }
        if json { try StandardStreams.print(try JSONText.of(findings) + "\n") }
        let lines = findings.compactMap { finding in finding.lack.map { "\(finding.server): \($0)" } }
        if !lines.isEmpty { throw CommandFailure(lines: lines, exitCode: ExitCode.failure.rawValue) }
    }

    private func duration(_ reader: inout SettingsReader) -> Duration {
        guard let timeout else { return .seconds(60) }
        if let limit = Duration(text: timeout) { return limit }
        reader.complain("--timeout \(timeout.debugDescription): expected a duration such as 90s, 15m or 1h")
        return .zero
    }

    private func servers(_ reader: inout SettingsReader) -> [SocketEndpoint] {
        let texts = servers.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if texts.count > Self.mostServers { reader.complain("--servers: expected \(Self.mostServers) at most") }
        return texts.compactMap { text in
            let bare = IPAddress(text).map { SocketEndpoint(address: $0, port: 53) }
            if let server = bare ?? SocketEndpoint(text, defaultPort: 53, allowsScope: true), server.port > 0 { return server }
            reader.complain("--servers \(text.debugDescription): expected an address such as 192.0.2.1 or [2001:db8::1]:53")
            return nil
        }
    }

    private func awaitedAnswer(_ zones: [ZoneSource], _ reader: inout SettingsReader) -> AwaitedAnswer? {
        func providers(_ option: String, _ texts: [String]) -> [AwaitedProvider] {
            texts.compactMap { text in
                if let provider = AwaitedProvider(text) { return provider }
                reader.complain("--\(option) \(text.debugDescription): expected a host or an address with a port, such as 10.0.0.7:8080")
                return nil
            }
        }
        let (present, absent) = (providers("present", present), providers("absent", absent))
        if let provider = present.first(where: absent.contains) {
            reader.complain("--absent \(provider.text.debugDescription): expected another one than with --present")
        }
        let least = serial.flatMap { UInt32($0) }
        if let serial, least == nil { reader.complain("--serial \(serial.debugDescription): expected a number from 0 to \(UInt32.max)") }
        let names = ExplainedName.read(service, zones)
        if names.count > 1 { reader.complain("--zone: expected one, where the service is") }
        guard let name = names.first else {
            reader.complain("SERVICE \(service.debugDescription): expected a service, or a domain name in a zone")
            return nil
        }
        return AwaitedAnswer(service: name.name, origin: name.origin, present: present, absent: absent, serial: least)
    }

    /// Asks all servers at once; what each lacks, in their order.
    private static func look(for awaited: AwaitedAnswer, at servers: [SocketEndpoint]) async -> [Finding] {
        await withTaskGroup(of: (Int, String?).self) { group in
            for (index, server) in servers.enumerated() {
                group.addTask { (index, await AwaitedLook(awaited, NameServerExchange(server: server)).lack) }
            }
            var lacks = [String?](repeating: nil, count: servers.count)
            for await (index, lack) in group { lacks[index] = lack }
            return zip(servers, lacks).map { Finding(server: $0.text, lack: $1) }
        }
    }
}
