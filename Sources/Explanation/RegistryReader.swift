import DNSAuthority
import ProviderRegistry
import ZooKeeperClient

/// The services of a registry cannot be listed.
package struct UnlistableRegistry: Error {
    /// The path of the registry.
    package let root: String
    /// What ZooKeeper says.
    package let error: ZooKeeperError
}

/// Reads the registries of all zones from ZooKeeper once, without watches: the only way in which a command does that.
package struct RegistryReader {
    /// Which services are read with their providers; of all others the reader has the names.
    package enum Scope: Sendable {
        /// Every service.
        case all
        /// The services of these names, and those that their providers name as hosts in the zones, step by step.
        case names([ExplainedName])
    }

    let client: Client
    let zones: [ZoneSource]

    /// Most requests under way at once, far below what makes the C client drop the connection.
    private static let window = 500
    /// How many times hosts in the zones are followed, a round trip each: more than a chain that is made on purpose has. The server follows
    /// them without limit.
    private static let mostSteps = 100

    /// A service by its znode.
    private struct Target: Hashable {
        let origin: DomainName
        let service: ServiceName
    }

    /// Connects, reads, and ends the session; the excerpts by origin, nil if the deadline comes before. Throws `UnlistableRegistry`.
    package static func read(
        _ scope: Scope, _ zones: [ZoneSource], _ client: Client, before deadline: ContinuousClock.Instant
    ) async throws -> [DomainName: RegistryExcerpt]? {
        let reader = RegistryReader(client: client, zones: zones)
        return try await client.ask(before: deadline) { try await reader.read(scope) }
    }

    private func read(_ scope: Scope) async throws -> [DomainName: RegistryExcerpt] {
        var excerpts: [DomainName: RegistryExcerpt] = [:]
        for source in zones {
            let (names, unlisted) = try await services(source)
            excerpts[source.origin] = RegistryExcerpt(source, services: names, unlisted: unlisted)
        }
        var wanted = first(scope, excerpts)
        var seen: Set<Target> = []
        for _ in 0...Self.mostSteps where !wanted.isEmpty {
            seen.formUnion(wanted)
            let znodes = try await read(wanted, into: &excerpts)
            wanted = hosts(of: znodes, excerpts).subtracting(seen)
        }
        return excerpts
    }

    /// The services that are read first.
    private func first(_ scope: Scope, _ excerpts: [DomainName: RegistryExcerpt]) -> Set<Target> {
        switch scope {
        case .all:
            Set(excerpts.flatMap { origin, excerpt in excerpt.listings.keys.map { Target(origin: origin, service: $0) } })
        case .names(let names):
            Set(names.flatMap { name in targets(at: excerpts[name.origin].flatMap(name.owner), in: excerpts[name.origin]) })
        }
    }

    private func targets(at owner: DomainName?, in excerpt: RegistryExcerpt?) -> [Target] {
        guard let owner, let excerpt else { return [] }
        return excerpt.services(at: owner).map { Target(origin: excerpt.source.origin, service: $0) }
    }

    /// Reads services with all their znodes; gives the znodes.
    private func read(_ targets: Set<Target>, into excerpts: inout [DomainName: RegistryExcerpt]) async throws -> [ProviderZnode] {
        var children: [(target: Target, instance: InstanceName)] = []
        var found: [Target: [ProviderZnode]] = [:]
        for (target, names) in try await answers(to: Array(targets), { await client.list(path(of: $0)) }) {
            switch names {
            case .success(let names):
                found[target] = []
                // Names that are no UTF-8 may have become equal.
                children += Set(names.map(InstanceName.init)).map { (target, $0) }
            case .failure(.noNode) where layout(of: target)?.hasServiceTail == true: found[target] = []
            case .failure(let error): excerpts[target.origin]?.set(target.service, to: .failed(error))
            }
        }
        for child in children where !format(of: child.target).readsData {
            found[child.target]?.append(ProviderZnode(child.target.service, child.instance, format(of: child.target)))
        }
        let contents = try await answers(to: children.filter { format(of: $0.target).readsData }) { child in
            // One octet more than a document may have shows that there are too many.
            await client.read(path(of: child.instance, in: child.target), limit: ProviderDocument.longest + 1)
        }
        for (child, content) in contents {
            let format = format(of: child.target)
            found[child.target]?.append(ProviderZnode(child.target.service, child.instance, content, format))
        }
        for (target, znodes) in found { excerpts[target.origin]?.set(target.service, to: .read(znodes)) }
        return found.values.flatMap(\.self)
    }

    /// The services in the zones at the hosts that znodes name: a host's name is a service's or an instance's.
    private func hosts(of znodes: [ProviderZnode], _ excerpts: [DomainName: RegistryExcerpt]) -> Set<Target> {
        var found: Set<Target> = []
        for znode in znodes {
            guard case .usable(let document) = znode.state else { continue }
            for case .name(let text) in document.provider.namedHosts {
                guard let name = DomainName(text: text), let source = zones.source(around: name) else { continue }
                for owner in [name, name.parent] { found.formUnion(targets(at: owner, in: excerpts[source.origin])) }
            }
        }
        return found
    }
}

// MARK: Requests

extension RegistryReader {
    /// The names of a zone's services, nil if their root does not exist, with the paths of branches that cannot be listed.
    private func services(_ source: ZoneSource) async throws -> (names: [ServiceName]?, unlisted: [String: ZooKeeperError]) {
        let layout = source.layout
        guard var listed = try await root(layout).map({ [(BranchName.root, $0)] }) else { return (nil, [:]) }
        if let name = layout.soleService { return ([name], [:]) }
        var unlisted: [String: ZooKeeperError] = [:]
        for _ in 1..<max(1, layout.levels) {
            let branches = listed.flatMap { branch, names in names.filter(RegistryLayout.isName).map(branch.branch) }
            listed = []
            for (branch, answer) in try await answers(to: branches, { await client.list(layout.path(of: $0)) }) {
                switch answer {
                case .success(let names): listed.append((branch, names))
                case .failure(.noNode): break
                case .failure(let error): unlisted[layout.path(of: branch)] = error
                }
            }
        }
        return (listed.flatMap { branch, names in names.filter(RegistryLayout.isName).map(branch.service) }, unlisted)
    }

    /// The names below a registry's root, none where the root is the one service; nil if it does not exist.
    private func root(_ layout: RegistryLayout) async throws -> [String]? {
        let answer: Result<[String], ZooKeeperError>
        if layout.soleService == nil {
            answer = await client.list(layout.root)
        } else {
            answer = await client.exists(layout.root).flatMap { $0 == nil ? .failure(.noNode) : .success([]) }
        }
        switch answer {
        case .success(let names): return names
        case .failure(.noNode): return nil
        case .failure(let error) where error.isPassing: throw error
        case .failure(let error): throw UnlistableRegistry(root: layout.root, error: error)
        }
    }

    private func layout(of target: Target) -> RegistryLayout? { zones.first { $0.origin == target.origin }?.layout }

    private func format(of target: Target) -> RegistryFormat { layout(of: target)?.format ?? .providers }

    private func path(of target: Target) -> String { layout(of: target)?.path(of: target.service) ?? "" }

    private func path(of instance: InstanceName, in target: Target) -> String {
        layout(of: target)?.path(of: instance, in: target.service) ?? ""
    }

    /// Asks for many things, in as many lanes as there may be requests under way; the answers in any order. Throws the first failure that
    /// passes.
    private func answers<Item: Sendable, Answer: Sendable>(
        to items: [Item], _ ask: @escaping @Sendable (Item) async -> Result<Answer, ZooKeeperError>
    ) async throws -> [(Item, Result<Answer, ZooKeeperError>)] {
        let lanes = min(Self.window, items.count)
        return try await withThrowingTaskGroup(of: [(Item, Result<Answer, ZooKeeperError>)].self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    var answers: [(Item, Result<Answer, ZooKeeperError>)] = []
                    for index in stride(from: lane, to: items.count, by: lanes) {
                        let answer = await ask(items[index])
                        if case .failure(let error) = answer, error.isPassing { throw error }
                        answers.append((items[index], answer))
                    }
                    return answers
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}
