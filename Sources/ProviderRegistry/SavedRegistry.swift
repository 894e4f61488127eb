/// A zone's registry as it is kept for a start without ZooKeeper.
package struct SavedRegistry: Equatable, Sendable {
    /// Whose registry it is.
    package struct Source: Hashable, Sendable {
        /// The zone's origin in text form.
        package let origin: String
        /// The path of its registry in ZooKeeper, the chroot in front of it.
        package let path: String

        package init(origin: String, path: String) {
            self.origin = origin
            self.path = path
        }
    }

    /// Whose registry it is.
    package let source: Source
    /// What it was.
    package var registry: Registry
    /// When it was last known to be right.
    package var asOf: ContinuousClock.Instant

    package init(source: Source, registry: Registry, asOf: ContinuousClock.Instant) {
        self.source = source
        self.registry = registry
        self.asOf = asOf
    }
}
