/// Which path of the tree holds what: `<root>/<service>/<instance>`.
@usableFromInline package struct RegistryLayout: Hashable, Sendable {
    /// The path of a registry unless another is named.
    @usableFromInline package static let usualRoot = "/providers"

    /// The path whose children are the services; absolute, without a final slash unless it is `/`.
    package let root: String
    /// What the instances are.
    package let format: RegistryFormat

    /// A tree below an absolute path.
    package init(root: String, format: RegistryFormat = .providers) { (self.root, self.format) = (root, format) }

    /// A tree as settings name it; nil for a path that is none.
    package init?(pattern: String, format: RegistryFormat) { self.init(root: pattern, format: format) }

    /// The path as settings have it.
    package var pattern: String { root }

    /// What stands at a path.
    package enum Place: Hashable, Sendable {
        /// The parent of all services.
        case root
        /// A service.
        case service(ServiceName)
        /// A provider of a service.
        case provider(ServiceName, instance: InstanceName)
    }

    /// The path of a service.
    package func path(of service: ServiceName) -> String { joined(service.text, nil) }

    /// The path of a provider.
    package func path(of instance: InstanceName, in service: ServiceName) -> String { joined(service.text, instance.text) }

    /// One allocation: a path is made for each znode that is read.
    private func joined(_ service: String, _ instance: String?) -> String {
        var path = ""
        path.reserveCapacity(root.utf8.count + service.utf8.count + (instance?.utf8.count ?? 0) + 2)
        if root != "/" { path += root }
        path += "/"
        path += service
        if let instance {
            path += "/"
            path += instance
        }
        return path
    }

    /// Where something stands.
    package func path(of place: Place) -> String {
        switch place {
        case .root: root
        case .service(let name): path(of: name)
        case .provider(let name, let instance): path(of: instance, in: name)
        }
    }

    /// What stands at a path; nil for one that is none of these.
    package func place(of path: String) -> Place? {
        // Octet by octet: Swift calls two spellings of one letter equal, ZooKeeper does not.
        if path.utf8.elementsEqual(root.utf8) { return .root }
        let prefix = root == "/" ? "/" : root + "/"
        guard path.utf8.starts(with: prefix.utf8) else { return nil }
        let names = path.utf8.dropFirst(prefix.utf8.count).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            String(Substring($0))
        }
        switch names.count {
        case 1: return .service(ServiceName(names[0]))
        case 2: return .provider(ServiceName(names[0]), instance: InstanceName(names[1]))
        default: return nil
        }
    }
}
