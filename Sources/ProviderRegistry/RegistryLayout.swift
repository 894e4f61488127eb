/// Which path of the tree holds what: a root, branches where several levels name a service, services, and their instances.
///
/// | pattern | root | branch | service | instance |
/// | --- | --- | --- | --- | --- |
/// | `/providers/*` | `/providers` | | `/providers/web` | `/providers/web/1` |
/// | `/dubbo/*/providers` | `/dubbo` | | `/dubbo/web/providers` | `/dubbo/web/providers/1` |
/// | `/aurora/*/*` | `/aurora` | `/aurora/prod` | `/aurora/prod/web` | `/aurora/prod/web/1` |
/// | `/live_nodes/.` | `/live_nodes` | | `/live_nodes`, too | `/live_nodes/1` |
@usableFromInline package struct RegistryLayout: Hashable, Sendable {
    /// The path of a registry unless another is named.
    @usableFromInline package static let usualRoot = "/providers"
    /// Most levels of znodes that name a service.
    package static let mostLevels = 8

    /// The path above all names of services; absolute, without a final slash unless it is `/`.
    package let root: String
    /// What the instances are.
    package let format: RegistryFormat
    /// The path as settings have it.
    package let pattern: String
    /// The one service of a registry whose root holds instances; nil for any other.
    package let soleService: ServiceName?
    /// What follows each level of a service's name, up to the next level or the instances: nothing, or names with a slash before each.
    private let tails: [String]
    /// Whether something follows a level before the last.
    private let isInterleaved: Bool

    /// Our own tree below an absolute path.
    package init(root: String) { self.init(root: root, tails: [""], format: .providers, pattern: root) }

    init(root: String, tails: [String], sole: ServiceName? = nil, format: RegistryFormat, pattern: String) {
        (self.root, self.format, self.pattern, self.tails, soleService) = (root, format, pattern, tails, sole)
        isInterleaved = tails.dropLast().contains { !$0.isEmpty }
    }

    /// How many levels of znodes name a service.
    package var levels: Int { tails.count }

    /// What stands at a path.
    package enum Place: Hashable, Sendable {
        /// The parent of all services, or of all branches of the first level.
        case root
        /// A parent of services, or of branches of the next level.
        case branch(BranchName)
        /// A service.
        case service(ServiceName)
        /// A provider of a service.
        case provider(ServiceName, instance: InstanceName)
    }

    /// Whether a service may exist while the path of its instances does not: other znodes lie between its name and that path.
    package var hasServiceTail: Bool { tails.last?.isEmpty == false }

    /// Whether a branch may exist while the path of what lies below it does not.
    package func hasTail(_ branch: BranchName) -> Bool { tail(branch.depth).isEmpty == false }

    /// Whether a name has as many levels as those of services have.
    package func isName(ofService name: ServiceName) -> Bool {
        soleService.map { $0 == name } ?? (name.text.utf8.count { $0 == RegistryLayout.slash } + 1 == levels)
    }

    /// Whether a text that ZooKeeper lists can be a name: two levels must not look like one.
    package static func isName(_ text: String) -> Bool { !text.isEmpty && !text.utf8.contains(slash) }

    static let slash = UInt8(ascii: "/")

    private func tail(_ depth: Int) -> String { tails.indices.contains(depth - 1) ? tails[depth - 1] : "" }
}

// MARK: Paths

extension RegistryLayout {
    /// The path whose children are a branch's services or branches.
    package func path(of branch: BranchName) -> String { branch == .root ? root : joined(branch.text, tail(branch.depth), nil) }

    /// The path whose children are a service's instances.
    package func path(of service: ServiceName) -> String { joined(service.text, tail(levels), nil) }

    /// The path of a provider.
    package func path(of instance: InstanceName, in service: ServiceName) -> String {
        joined(service.text, tail(levels), instance.text)
    }

    /// Where something stands.
    package func path(of place: Place) -> String {
        switch place {
        case .root: root
        case .branch(let branch): path(of: branch)
        case .service(let name): path(of: name)
        case .provider(let name, let instance): path(of: instance, in: name)
        }
    }

    /// One allocation for most patterns: a path is made for each znode that is read.
    private func joined(_ name: String, _ tail: String, _ instance: String?) -> String {
        var path = ""
        path.reserveCapacity(root.utf8.count + name.utf8.count + tail.utf8.count + (instance?.utf8.count ?? 0) + 2)
        if root != "/" { path += root }
        if isInterleaved {
            for (part, tail) in zip(Self.parts(of: name), tails) { path += "/" + part + tail }
        } else if soleService == nil {
            path += "/"
            path += name
            path += tail
        }
        if let instance {
            path += "/"
            path += instance
        }
        return path.isEmpty ? "/" : path
    }

    /// What stands at a path; nil for one that is none of these.
    package func place(of path: String) -> Place? {
        // Octet by octet: Swift calls two spellings of one letter equal, ZooKeeper does not.
        if path.utf8.elementsEqual(root.utf8) { return .root }
        let prefix = root == "/" ? "/" : root + "/"
        guard path.utf8.starts(with: prefix.utf8) else { return nil }
        var rest = Self.parts(of: String(Substring(path.utf8.dropFirst(prefix.utf8.count))))[...]
        var branch = BranchName.root
        var service = soleService
        for (index, tail) in tails.enumerated() {
            guard let name = rest.popFirst() else { return nil }
            for fixed in Self.parts(of: tail).dropFirst() {
                guard let part = rest.popFirst(), part.utf8.elementsEqual(fixed.utf8) else { return nil }
            }
            if index == levels - 1 { service = branch.service(name) } else { branch = branch.branch(name) }
            if rest.isEmpty { return service.map(Place.service) ?? .branch(branch) }
        }
        guard let service, rest.count == 1, let instance = rest.first else { return nil }
        return .provider(service, instance: InstanceName(instance))
    }

    /// What stands between slashes.
    static func parts(of text: String) -> [String] {
        text.utf8.split(separator: slash, omittingEmptySubsequences: false).map { String(Substring($0)) }
    }
}
