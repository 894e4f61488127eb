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
            for path in paths where try await client.exists(path).get() == nil { return path }
            return nil
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
                if case .failure(let error) = made, error != .nodeExists { throw error }
            }
        }
    }

    /// `/a`, `/a/b` and so on, down to a path.
    static func prefixes(of path: String) -> [String] {
        let names = path.split(separator: "/")
        return names.indices.map { "/" + names[...$0].joined(separator: "/") }
    }

    private func ask<Answer: Sendable>(_ question: @escaping @Sendable (Client) async throws -> Answer) async -> Result<
        Answer, ZooKeeperError
    > {
        let client = Client(
            servers: servers.withoutChroot, timeout: timeout, credentials: credentials,
            logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
        do {
            let answer = try await client.ask(before: .now + Self.limit) { try await question(client) }
            return answer.map(Result.success) ?? .failure(.connectionLoss)
        } catch {
            return .failure(error as? ZooKeeperError ?? .connectionLoss)
        }
    }
}
