import ZooKeeperClient

/// Names the first path that a registry lacks, for all commands alike.
enum MissingPath {
    /// What to say of a registry's path that does not exist: of those that lead to it the first that is missing, the chroot included; nil if
    /// all are there, or there is no answer.
    static func text(_ root: String, _ settings: RegistrySettings) async -> String? {
        await first(root, settings).map { "\($0.debugDescription) does not exist in zookeeper at \(settings.servers.withoutChroot.text)" }
    }

    /// That path itself.
    static func first(_ root: String, _ settings: RegistrySettings) async -> String? {
        let tree = WholeTree(settings.servers, timeout: settings.sessionTimeout, credentials: settings.credentials)
        return try? await tree.firstMissing(to: root).get()
    }
}
