// Requests without watches, for callers that wait for the answer.

extension Client {
    /// Runs the client until a question is answered, then ends its session. Asks once there is a connection, and again over the next one if the
    /// connection was lost meanwhile. Nil if there is no answer before the deadline; throws what the question throws and no connection mends.
    package func ask<Answer: Sendable>(
        before deadline: ContinuousClock.Instant, _ question: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer? {
        let (connections, connected) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        observe { if case .connected = $0 { connected.yield() } }
        return try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask {
                await self.run()
                return nil
            }
            group.addTask {
                try await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            group.addTask {
                for await _ in connections {
                    do { return try await question() } catch let error as ZooKeeperError where error.isPassing {}
                }
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// The names of a znode's children.
    package func list(_ path: String) async -> Result<[String], ZooKeeperError> {
        await withCheckedContinuation { continuation in list(path, watch: false) { continuation.resume(returning: $0) } }
    }

    /// A znode's data up to `limit` octets.
    package func read(_ path: String, limit: Int) async -> Result<ZnodeContent, ZooKeeperError> {
        await withCheckedContinuation { continuation in read(path, limit: limit, watch: false) { continuation.resume(returning: $0) } }
    }

    /// Replaces a znode's data if it is of this version; fails with `badVersion` otherwise.
    package func set(_ path: String, to octets: [UInt8], version: Int32) async -> Result<Void, ZooKeeperError> {
        await withCheckedContinuation { continuation in set(path, to: octets, version: version) { continuation.resume(returning: $0) } }
    }

    /// A znode's stat, or nil if it does not exist.
    package func exists(_ path: String) async -> Result<ZnodeStat?, ZooKeeperError> {
        await withCheckedContinuation { continuation in exists(path, watch: false) { continuation.resume(returning: $0) } }
    }
}
