import Logging

/// All of ZooKeeper's tree, above the chroot too, which a session with that chroot cannot see. Each question has a session of its own.
package struct WholeTree: Sendable {
    private let servers: ConnectString
    private let timeout: Duration
    private let credentials: Credentials?

    /// How long a question may take in all.
    private static let limit: Duration = .seconds(5)

    /// The tree that these servers have, as the credentials let it be seen.
    package init(_ servers: ConnectString, timeout: Duration, credentials: Credentials?) {
        (self.servers, self.timeout, self.credentials) = (servers, timeout, credentials)
    }

    /// The first path that is missing of those that lead down to `path`, which lies below the chroot, whole; nil if all are there. Fails with
    /// `connectionLoss` if there is no answer in time.
    package func firstMissing(to path: String) async -> Result<String?, ZooKeeperError> {
        let paths = Self.prefixes(of: (servers.chroot?.text ?? "") + path)
        return await ask { client in
            for path in paths {
                let found = await withCheckedContinuation { continuation in
                    client.exists(path, watch: false) { continuation.resume(returning: $0) }
                }
                switch found {
                case .success(nil): return .success(path)
                case .success: break
                case .failure(let error): return .failure(error)
                }
            }
            return .success(nil)
        }
    }

    /// Creates the chroot with the paths above it, as far as they are missing.
    package func makeChroot(_ access: ZnodeAccess) async -> Result<Void, ZooKeeperError> {
        let paths = Self.prefixes(of: servers.chroot?.text ?? "")
        return await ask { client in
            for path in paths {
                let made = await withCheckedContinuation { continuation in
                    client.create(path, [], .persistent, access) { continuation.resume(returning: $0) }
                }
                if case .failure(let error) = made, error != .nodeExists { return .failure(error) }
            }
            return .success(())
        }
    }

    /// `/a`, `/a/b` and so on, down to a path.
    static func prefixes(of path: String) -> [String] {
        let names = path.split(separator: "/")
        return names.indices.map { "/" + names[...$0].joined(separator: "/") }
    }

    private func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (Client) async -> Result<Answer, ZooKeeperError>
    ) async -> Result<Answer, ZooKeeperError> {
        let client = Client(
            servers: servers.withoutChroot, timeout: timeout, credentials: credentials,
            logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
        let (connections, connected) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        client.observe { if case .connected = $0 { connected.yield() } }
        return await withTaskGroup(of: Result<Answer, ZooKeeperError>?.self) { group in
            group.addTask {
                await client.run()
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: Self.limit)
                return .failure(.connectionLoss)
            }
            group.addTask {
                for await _ in connections {
                    let answer = await question(client)
                    if case .failure(let error) = answer, error.isPassing { continue }
                    return answer
                }
                return nil
            }
            defer { group.cancelAll() }
            for await answer in group { if let answer { return answer } }
            return .failure(.connectionLoss)
        }
    }
}
