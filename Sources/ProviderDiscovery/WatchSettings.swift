/// What an operator decides about following a registry.
package struct WatchSettings: Sendable {
    /// How often everything is listed again in case a watch was lost.
    package var reconcile: Duration
    /// For how long after an outage vanished providers are kept; zero for not at all.
    package var holdDown: Duration
    /// Whether they are kept, too, when more than half of all vanish at once.
    package var guardsMassRemoval: Bool
    /// How many registries are watched over the same session: they share the watches that it can have.
    package var zones: Int

    package init(reconcile: Duration = .seconds(60), holdDown: Duration = .seconds(120), guardsMassRemoval: Bool = true, zones: Int = 1) {
        self.zones = zones
        self.reconcile = reconcile
        self.holdDown = holdDown
        self.guardsMassRemoval = guardsMassRemoval
    }
}
