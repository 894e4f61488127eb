import Explanation
import ProviderDiscovery
import ZoneCompilation

/// What is decided about one zone: where it comes from, how it is answered, and how its registry is followed.
struct ZoneSettings: Sendable {
    let source: ZoneSource
    let policy: ZonePolicy
    /// Defaults in commands that follow no registry.
    let watch: WatchSettings
}
