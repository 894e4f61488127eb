import ArgumentParser
import Glibc
import Logging
import ProviderRegistration
import ServiceLifecycle
import UnixSignals

/// `zoodns register`: announces a provider exactly while it can serve, and runs it if there is a command.
struct RegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register", abstract: "Keep a provider registered while it can serve; with a command, run it.",
        discussion: """
            With a command after `--`, such as `zoodns register web --port 8080 -- python3 -m http.server 8080`, the command is started, \
            registered once it can serve, withdrawn before it is stopped, and its exit code handed on. Signals are passed on to it; \
            SIGTERM is followed by SIGKILL after 10 s, and at once if it comes twice. The tcp check connects to the host that was named, \
            else to localhost. Each option but --port and --host is also an environment variable, such as ZOODNS_CHECK for --check.
            """)

    @OptionGroup var options: RegisterOptions
    @OptionGroup var registry: RegistryOptions

    func run() async throws {
        let settings = try RegisterSettings(registry, options)
        let logger = settings.registry.logger
        signal(SIGPIPE, SIG_IGN)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let registrar = try registrar(settings, logger)
        let program = settings.command.isEmpty ? nil : WrappedProgram(settings.command)
        // Ended from the last to the first: withdrawn, then stopped.
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
        if let program { services.append(.init(service: program, successTerminationBehavior: .cancelGroup, serviceName: "program")) }
        services.append(.init(service: Part { await watch(settings, program, registrar, logger) }, serviceName: "checks"))
        services.append(.init(service: registrar, serviceName: "registrar"))
        do {
            try await Shutdown.run(services, signals, logger) { program?.sendToAll(SIGKILL) }
        } catch let error as RegistrarError {
            throw CommandFailure.refused("\(error) at \(settings.registry.servers.text)")
        } catch  where program?.exitCode != nil {
            // The program has ended by itself, which ends everything.
        }
        if let code = program?.exitCode {
            LogStream.standardError.drain()
            Glibc.exit(code)
        }
    }

    private func registrar(_ settings: RegisterSettings, _ logger: Logger) throws(CommandFailure) -> Registrar {
        do throws(RegistrarError) {
            let registrar = try Registrar(
                [settings.provider], zooKeeper: settings.registry.servers.text,
                authentication: settings.registry.credentials?.text, readers: settings.readers,
                root: settings.registry.zones[0].layout.root,
                sessionTimeout: settings.registry.sessionTimeout, connectTimeout: settings.connectTimeout, drain: settings.drain,
                logger: logger)
            registrar.withdraw()
            return registrar
        } catch {
            throw .refused("cannot register: \(error)")
        }
    }

    /// Has the provider announced while the check passes.
    private func watch(_ settings: RegisterSettings, _ program: WrappedProgram?, _ registrar: Registrar, _ logger: Logger) async {
        // As good as withdrawn until a check passes.
        var failures = settings.checkFailures
        var isFirst = true
        var impatience = Self.impatience
        while !Task.isCancelled {
            let isUp = program?.isRunning ?? true
            if isUp, await settings.check.passes(host: settings.checkHost, port: settings.provider.port, within: settings.checkInterval) {
                if failures >= settings.checkFailures {
                    logger.info("check passes", metadata: ["service": "\(settings.provider.service)"])
                    registrar.announce()
                }
                failures = 0
                impatience = 0
            } else {
                if isFirst { logger.info("check does not pass yet", metadata: ["service": "\(settings.provider.service)"]) }
                failures = min(failures + 1, settings.checkFailures + 1)
                if failures == settings.checkFailures {
                    logger.warning("check fails", metadata: ["service": "\(settings.provider.service)"])
                    registrar.withdraw()
                }
            }
            isFirst = false
            // Soon again while it starts: nobody shall wait for it longer than need be.
            try? await Task.sleep(for: impatience > 0 ? min(settings.checkInterval, .milliseconds(100)) : settings.checkInterval)
            impatience = max(impatience - 1, 0)
        }
    }

    /// How many times it is looked soon again whether a program that has just been started serves.
    private static let impatience = 300
}
