import ArgumentParser
import Glibc
import Handoff
import Logging
import ProviderRegistration
import ProviderRegistry
import ServiceLifecycle
import ZoneCompilation

/// `zoodns register`: announces a provider exactly while it can serve, and runs it if there is a command.
struct RegisterCommand: ParsableCommand {
    /// The command's name on the command line.
    static let name = "register"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "Keep a provider registered while it can serve; with a command, run it.",
        discussion: """
            With a command after `--`, such as `zoodns register web --port 8080 -- python3 -m http.server 8080`, the command is started, \
            registered once it can serve, withdrawn before it is stopped, and its exit code handed on. SIGTERM, SIGINT and the stop signal \
            begin a stop: the provider is withdrawn, after the drain the program gets the stop signal, and SIGKILL once the stop has taken \
            --stop-timeout, or at the second such signal. By default that takes no more than the 10 s that Docker waits; with a longer \
            `docker stop --timeout` or terminationGracePeriodSeconds give a second less than that. All other signals are passed on to the \
            program. Images whose STOPSIGNAL is another want it here too: --stop-signal QUIT for nginx and php-fpm, WINCH for httpd, INT for \
            postgres, RTMIN+3 for systemd. Without a command SIGHUP and SIGQUIT begin a stop as well, and others do nothing. The tcp check connects to the host that was named, \
            else to localhost. Each option but --port and --host is also an environment variable, such as ZOODNS_CHECK for --check.
            """)

    @OptionGroup var options: RegisterOptions
    @OptionGroup var registry: RegistryOptions

    /// Registers until a signal or the program's end.
    func run(_ signals: TrappedSignals) async throws {
        let children: ChildProcesses
        do throws(NoThread) { children = try ChildProcesses() } catch { throw CommandFailure.noThread(for: "child processes") }
        let settings = try RegisterSettings(registry, options)
        let logger = settings.registry.logger
        warnOfUnreachableName(settings, logger)
        if let doubt = settings.hostDoubt { logger.warning("\(doubt)", metadata: ["host": "\(settings.provider.host)"]) }
        let registrar = try registrar(settings, logger)
        let program =
            settings.command.isEmpty
            ? nil : WrappedProgram(settings.command, settings.stop, endsWithUs: !settings.keepsProgram, children, logger)
        let (stops, stop) = AsyncStream.makeStream(of: SignalNumber.self)
        signals.handle { signal in
            switch signal {
            case .child: children.reap()
            case .term, .int, settings.stop.signal: begin(stop, signal, program)
            case .hup where program == nil, .quit where program == nil: begin(stop, signal, program)
            default:
                if let program { program.pass(signal) } else { logger.info("signal ignored", metadata: ["signal": "\(signal.text)"]) }
            }
        }
        let checks = ProviderChecks(settings: settings, program: program, registrar: registrar, children: children, logger: logger)
        let services = services(program, checks, registrar)
        do {
            try await Shutdown.run(services, stops, logger) { program?.kill() }
        } catch let error as RegistrarError {
            throw CommandFailure.refused("\(error) at \(settings.registry.servers.text)")
        }
        if let code = program?.exitCode {
            LogStream.standardError.drain()
            Glibc.exit(code)
        }
    }

    /// The services, which end from the last to the first: the provider is withdrawn before the program is stopped.
    private func services(
        _ program: WrappedProgram?, _ checks: ProviderChecks, _ registrar: Registrar
    ) -> [ServiceGroupConfiguration.ServiceConfiguration] {
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
        if let program {
            services.append(
                .init(
                    service: Following(program) { registrar.stoppedServing() }, successTerminationBehavior: .gracefullyShutdownGroup,
                    serviceName: "program"))
        }
        services.append(.init(service: Part("checks") { await checks.run() }, serviceName: "checks"))
        services.append(.init(service: registrar, serviceName: "registrar"))
        return services
    }

    private func warnOfUnreachableName(_ settings: RegisterSettings, _ logger: Logger) {
        guard let zone = settings.registry.zones.first,
            ServiceNaming.owner(of: ServiceName(settings.provider.service), in: zone.origin) == nil
        else { return }
        logger.warning(
            "service name cannot be a domain name, or has too many labels: it is out of reach in DNS",
            metadata: ["service": "\(settings.provider.service.debugDescription)", "zone": "\(zone.origin.text)"])
    }

    private func begin(_ stop: AsyncStream<SignalNumber>.Continuation, _ signal: SignalNumber, _ program: WrappedProgram?) {
        program?.beginStop()
        stop.yield(signal)
    }

    private func registrar(_ settings: RegisterSettings, _ logger: Logger) throws(CommandFailure) -> Registrar {
        do throws(RegistrarError) {
            let registrar = try Registrar(
                [settings.provider], zooKeeper: settings.registry.servers.text,
                authentication: settings.registry.credentials?.text, readers: settings.readers,
                root: settings.layout.text,
                sessionTimeout: settings.registry.sessionTimeout, connectTimeout: settings.connectTimeout, drain: settings.drain,
                logger: logger)
            registrar.withdraw()
            return registrar
        } catch {
            throw .refused("cannot register: \(error)")
        }
    }
}
