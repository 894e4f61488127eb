/// Which path of the tree holds what: `<root>/<service>/<instance>`.
package struct RegistryLayout: Hashable, Sendable {
    /// The path whose children are the services; absolute, without a final slash unless it is `/`.
    package let root: String

    /// A tree below an absolute path.
    package init(root: String) { self.root = root }

    /// What stands at a path.
    package enum Place: Hashable, Sendable {
        /// The parent of all services.
        case root
        /// A service.
        case service(ServiceName)
        /// A provider of a service.
        case provider(ServiceName, instance: String)
    }

    /// The path of a service.
    package func path(of service: ServiceName) -> String { (root == "/" ? "" : root) + "/" + service.text }

    /// The path of a provider.
    package func path(of instance: String, in service: ServiceName) -> String { path(of: service) + "/" + instance }

    /// What stands at a path; nil for one that is none of these.
    package func place(of path: String) -> Place? {
        if path == root { return .root }
        let prefix = root == "/" ? "/" : root + "/"
        guard path.hasPrefix(prefix) else { return nil }
        let names = path.dropFirst(prefix.count).split(separator: "/", omittingEmptySubsequences: false)
        switch names.count {
        case 1: return .service(ServiceName(String(names[0])))
        case 2: return .provider(ServiceName(String(names[0])), instance: String(names[1]))
        default: return nil
        }
    }
}
