import DNSTransport
import Logging

/// Reads the settings again when SIGHUP comes, and has the server serve by them as far as it can while it runs.
///
/// All or nothing: settings with a problem, or an address that cannot be had, change nothing.
actor SettingsReload {
    private let wiring: ServerWiring
    private let read: @Sendable () throws(CommandFailure) -> ServeSettings
    /// Warns of what is odd about settings that are served by.
    private let warn: @Sendable (ServeSettings) -> Void
    private let logger: Logger
    /// The settings that the program began with.
    private let first: ServeSettings
    /// The settings that were read last and could be served by.
    private var current: ServeSettings

    /// A server that runs by `settings`; `read` reads them again, `warn` warns of what is odd about them.
    init(
        _ settings: ServeSettings, _ wiring: ServerWiring, read: @escaping @Sendable () throws(CommandFailure) -> ServeSettings,
        warn: @escaping @Sendable (ServeSettings) -> Void
    ) {
        (first, current) = (settings, settings)
        (self.wiring, self.read, self.warn) = (wiring, read, warn)
        logger = settings.common.registry.logger
    }

    /// Reads the settings, and has the server serve by them.
    func reload() async {
        await wiring.noteReloading(false)
        await readAgain()
        await wiring.noteReloading(true)
    }

    private func readAgain() async {
        do throws(CommandFailure) {
            let new = try read()
            do throws(DescriptorError) {
                try DescriptorLimit.check(addresses: new.common.listen.count, workers: first.workers)
            } catch {
                throw CommandFailure.refused(error.text)
            }
            let known = wiring.endpoints
            do throws(ListenError) { try await wiring.apply(new) } catch { throw .refused(error.text) }
            for endpoint in wiring.endpoints where !known.contains(endpoint) { StandardStreams.say("listening \(endpoint.text) udp tcp") }
            report(SettingsDifference(from: current, to: new))
            warn(new)
            let late = SettingsDifference(from: first, to: new).needRestart
            if !late.isEmpty {
                logger.warning("settings take effect after a restart only", metadata: ["settings": "\(late.joined(separator: " "))"])
            }
            logger.limit?.set(linesPerSecond: new.common.registry.logRate, level: new.common.registry.logLevel)
            current = new
            wiring.noteReload(isSuccessful: true)
        } catch {
            logger.error("settings were not reloaded, and nothing has changed", metadata: ["reason": "\(error.text)"])
            wiring.noteReload(isSuccessful: false)
        }
    }

    private func report(_ difference: SettingsDifference) {
        var metadata: Logger.Metadata = [:]
        for (key, names) in [
            ("settings", difference.atOnce), ("added", difference.added.map(\.text).sorted()),
            ("removed", difference.removed.map(\.text).sorted()), ("changed", difference.changed.map(\.text).sorted()),
        ] where !names.isEmpty { metadata[key] = "\(names.joined(separator: " "))" }
        logger.info("settings reloaded", metadata: metadata)
    }
}
