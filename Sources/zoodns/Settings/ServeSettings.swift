import Logging

/// The settings of `serve`, checked.
struct ServeSettings: Sendable {
    let common: CommonSettings
    /// Whether held providers are probed.
    let probesHeld: Bool
    /// The file that keeps the registry; nil for none.
    let state: StateFile?
    /// UDP threads for each address.
    let workers: Int
    /// Octets.
    let longestUDPResponse: Int
    /// All values by the settings' names.
    let values: [String: any Hashable & Sendable]

    /// Throws with all problems. `logger` is the one of the running program, if settings are read again.
    init(
        _ commonOptions: CommonOptions, _ options: ServeOptions, _ reader: SettingsReader = SettingsReader(),
        for command: CommandName = .serve, logger: Logger? = nil
    ) throws(CommandFailure) {
        var reader = reader
        common = CommonSettings(commonOptions, serve: options, &reader, for: command, logger: logger)
        probesHeld = reader.value(Declared.probeHeld, options.probeHeld)
        state = reader.value(Declared.state, options.state)
        workers = reader.value(Declared.workers, options.workers)
        longestUDPResponse = reader.value(Declared.maxUDPSize, options.maxUdpSize)
        values = reader.values
        try reader.finish()
    }

    /// The zones to serve.
    var zones: [ZoneSettings] { common.zones }
}
