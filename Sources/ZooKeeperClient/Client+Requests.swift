import CZooKeeper

// What can be asked of ZooKeeper.

extension Client {
    /// The names of a znode's children. With `watch`, sends one event at the next creation or deletion of a child. The C function is `zoo_aget_children`.
    package func list(_ path: String, watch: Bool, _ completion: @escaping @Sendable (Result<[String], ZooKeeperError>) -> Void) {
        submit(.list(completion)) { zoo_aget_children($0, path, watch ? 1 : 0, completeList, $1) }
    }

    /// A znode's data up to `limit` octets. With `watch`, sends one event at its next change or deletion. The C function is `zoo_aget`.
    package func read(
        _ path: String, limit: Int, watch: Bool, _ completion: @escaping @Sendable (Result<ZnodeContent, ZooKeeperError>) -> Void
    ) {
        submit(.read(limit: limit, completion)) { zoo_aget($0, path, watch ? 1 : 0, completeRead, $1) }
    }

    /// A znode's stat, or nil. With `watch`, sends one event at its next creation, change or deletion. The C function is `zoo_aexists`.
    package func exists(_ path: String, watch: Bool, _ completion: @escaping @Sendable (Result<ZnodeStat?, ZooKeeperError>) -> Void) {
        submit(.exists(completion)) { zoo_aexists($0, path, watch ? 1 : 0, completeExists, $1) }
    }

    /// Takes back the watches of `exists` and `read` on a path, in this session alone. The C function is `zoo_aremove_all_watches`.
    package func removeWatches(_ path: String, _ completion: @escaping @Sendable (Result<Void, ZooKeeperError>) -> Void) {
        submit(.change(completion)) { handle, context in
            // Declared as a pointer to such a function, taken for the function.
            let complete = unsafeBitCast(completeChange as void_completion_t, to: UnsafeMutablePointer<void_completion_t?>.self)
            return zoo_aremove_all_watches(handle, path, ZWATCHTYPE_DATA, 0, complete, context)
        }
    }

    /// What anonymous clients may do with a znode. The C function is `zoo_aget_acl`.
    package func worldPermissions(
        _ path: String, _ completion: @escaping @Sendable (Result<ZnodePermissions, ZooKeeperError>) -> Void
    ) {
        submit(.permissions(completion)) { zoo_aget_acl($0, path, completePermissions, $1) }
    }

    /// Creates a znode; fails with `nodeExists`, or with `noNode` where its parent is missing. `access` that names the session's users needs
    /// credentials. The C function is `zoo_acreate`.
    package func create(
        _ path: String, _ octets: [UInt8], _ mode: CreateMode, _ access: ZnodeAccess,
        _ completion: @escaping @Sendable (Result<Void, ZooKeeperError>) -> Void
    ) {
        let flags = mode == .ephemeral ? ZOO_EPHEMERAL : ZOO_PERSISTENT
        submit(.change(completion)) { handle, context in
            withCharacters(octets) { zoo_acreate(handle, path, $0, $1, access.list, flags, completeCreate, context) }
        }
    }

    /// Replaces a znode's data if it is of this version; fails with `badVersion` otherwise. The C function is `zoo_aset`.
    package func set(
        _ path: String, to octets: [UInt8], version: Int32, _ completion: @escaping @Sendable (Result<Void, ZooKeeperError>) -> Void
    ) {
        submit(.change(completion)) { handle, context in
            withCharacters(octets) { zoo_aset(handle, path, $0, $1, version, completeSet, context) }
        }
    }

    /// Deletes a znode if its data is of this version; fails with `badVersion` otherwise. The C function is `zoo_adelete`.
    package func delete(_ path: String, version: Int32, _ completion: @escaping @Sendable (Result<Void, ZooKeeperError>) -> Void) {
        submit(.change(completion)) { zoo_adelete($0, path, version, completeChange, $1) }
    }

    /// Lends octets to C. ZooKeeper refuses more than it takes.
    private func withCharacters<Result>(_ octets: [UInt8], _ body: (UnsafePointer<CChar>?, Int32) -> Result) -> Result {
        octets.withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: $0.count)) }
    }

    private func submit(_ completion: PendingRequest.Completion, _ send: (OpaquePointer, UnsafeRawPointer) -> Int32) {
        // A handle that was never opened fails the request.
        let handle = handle.withLock { $0 } ?? SessionHandle(report: { _ in })
        handle.submit(completion, send)
    }
}
