import DNSAuthority
import Handoff
import ProviderRegistry
import ZooKeeperClient

/// Reads from ZooKeeper what questions need, once and without watches.
///
/// Of all services the names; of those that the questions are about all znodes; and of those that their providers name as hosts inside the
/// zones, step by step.
struct RegistryReader {
    let client: Client
    let zones: [ZoneSource]

    /// Most requests under way at once, far below what makes the C client drop the connection.
    private static let window = 500
    /// How many times hosts inside the zones are followed, a round trip each: further than anybody goes on purpose, and the time to wait is
    /// short. The server follows them without end.
    private static let mostSteps = 100

    /// A service by its zone and domain name.
    private struct Place: Hashable {
        let zone: Int
        let owner: DomainName
    }

    /// A service's znode.
    private struct Target: Hashable {
        let zone: Int
        let service: ServiceName
    }

    /// Connects, reads, and ends the session; nil if that takes until an instant.
    static func read(
        _ questions: [ExplainedName], _ zones: [ZoneSource], _ client: Client, before deadline: ContinuousClock.Instant
    ) async throws -> [RegistryExcerpt]? {
        let (connections, connected) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        client.observe { if case .connected = $0 { connected.yield() } }
        let reader = RegistryReader(client: client, zones: zones)
        return try await withThrowingTaskGroup(of: [RegistryExcerpt]?.self) { group in
            group.addTask {
                await client.run()
                return nil
            }
            group.addTask {
                try await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            group.addTask {
                for await _ in connections {
                    // With the connection goes what was read: the next one begins anew.
                    do { return try await reader.read(questions) } catch let error as ZooKeeperError where error.isPassing {}
                }
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Reads over one connection; throws what passes with it, and a failure if services cannot be listed.
    private func read(_ questions: [ExplainedName]) async throws -> [RegistryExcerpt] {
        var excerpts: [RegistryExcerpt] = []
        for source in zones { excerpts.append(RegistryExcerpt(source, services: try await services(source))) }
        var wanted = Set(
            questions.compactMap { question in
                question.owner(in: excerpts[question.zone]).map { Place(zone: question.zone, owner: $0) }
            })
        var seen: Set<Place> = []
        for _ in 0...Self.mostSteps where !wanted.isEmpty {
            seen.formUnion(wanted)
            let targets = wanted.flatMap { place in
                excerpts[place.zone].services(at: place.owner).map { Target(zone: place.zone, service: $0) }
            }
            let znodes = try await read(targets, into: &excerpts)
            wanted = hosts(of: znodes, excerpts).subtracting(seen)
        }
        return excerpts
    }

    /// Reads services with all their znodes; gives the znodes.
    private func read(_ targets: [Target], into excerpts: inout [RegistryExcerpt]) async throws -> [ProviderZnode] {
        var children: [(Target, InstanceName)] = []
        var found: [Target: [ProviderZnode]] = [:]
        for (target, names) in try await answers(to: targets, { await list(path(of: $0)) }) {
            switch names {
            case .success(let names):
                found[target] = []
                // Names that are no UTF-8 may have become equal.
                children += Set(names.map(InstanceName.init)).map { (target, $0) }
            case .failure(let error): excerpts[target.zone].set(target.service, to: .failed(error))
            }
        }
        let contents = try await answers(to: children) { target, instance in
            await read(zones[target.zone].layout.path(of: instance, in: target.service))
        }
        for ((target, instance), content) in contents { found[target]?.append(ProviderZnode(target.service, instance, content)) }
        for (target, znodes) in found { excerpts[target.zone].set(target.service, to: .read(znodes)) }
        return found.values.flatMap(\.self)
    }

    /// Where in the zones hosts that znodes name may stand: a host's name is a service's or an instance's.
    private func hosts(of znodes: [ProviderZnode], _ excerpts: [RegistryExcerpt]) -> Set<Place> {
        var places: Set<Place> = []
        for znode in znodes {
            guard case .usable(let document) = znode.state, case .name(let text) = document.provider.host,
                let name = DomainName(text: text), let zone = zones.zone(of: name)
            else { continue }
            for owner in [name, name.parent].compactMap(\.self) where !excerpts[zone].services(at: owner).isEmpty {
                places.insert(Place(zone: zone, owner: owner))
            }
        }
        return places
    }
}

// MARK: Requests

extension RegistryReader {
    /// The names of a zone's services; nil if their parent does not exist.
    private func services(_ source: ZoneSource) async throws -> [ServiceName]? {
        switch await list(source.layout.root) {
        case .success(let names): return names.map(ServiceName.init)
        case .failure(.noNode): return nil
        case .failure(let error) where error.isPassing: throw error
        case .failure(let error): throw CommandFailure.refused("\(source.layout.root.debugDescription) cannot be listed: \(error.text)")
        }
    }

    private func path(of target: Target) -> String { zones[target.zone].layout.path(of: target.service) }

    private func list(_ path: String) async -> Result<[String], ZooKeeperError> {
        await withCheckedContinuation { continuation in client.list(path, watch: false) { continuation.resume(returning: $0) } }
    }

    private func read(_ path: String) async -> Result<ZnodeContent, ZooKeeperError> {
        await withCheckedContinuation { continuation in
            // One octet more than a document may have tells that there are too many.
            client.read(path, limit: ProviderDocument.longest + 1, watch: false) { continuation.resume(returning: $0) }
        }
    }

    /// Asks for many things at once, with so many requests under way as ZooKeeper can take; throws the first failure that passes.
    private func answers<Item: Sendable, Answer: Sendable>(
        to items: [Item], _ ask: @escaping @Sendable (Item) async -> Result<Answer, ZooKeeperError>
    ) async throws(ZooKeeperError) -> [(Item, Result<Answer, ZooKeeperError>)] {
        let all = await withTaskGroup(of: (Int, Result<Answer, ZooKeeperError>).self) { group in
            var answers: [(Item, Result<Answer, ZooKeeperError>)] = []
            for (index, item) in items.enumerated() {
                if index >= Self.window, let (index, answer) = await group.next() { answers.append((items[index], answer)) }
                group.addTask { (index, await ask(item)) }
            }
            for await (index, answer) in group { answers.append((items[index], answer)) }
            return answers
        }
        for case (_, .failure(let error)) in all where error.isPassing { throw error }
        return all
    }
}
