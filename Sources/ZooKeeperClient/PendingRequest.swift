import CZooKeeper

/// A request on its way, with what to do when it has been answered.
final class PendingRequest: Sendable {
    /// What to do with the answer, by kind of request.
    enum Completion: Sendable {
        /// For the names of a znode's children.
        case list(@Sendable (Result<[String], ZooKeeperError>) -> Void)
        /// For a znode's data, of which no more octets than `limit` are wanted.
        case read(limit: Int, @Sendable (Result<ZnodeContent, ZooKeeperError>) -> Void)
        /// For whether a znode exists; nil if it does not.
        case exists(@Sendable (Result<ZnodeStat?, ZooKeeperError>) -> Void)
        /// For what anonymous clients may do with a znode.
        case permissions(@Sendable (Result<ZnodePermissions, ZooKeeperError>) -> Void)
        /// For a change.
        case change(@Sendable (Result<Void, ZooKeeperError>) -> Void)
    }

    /// The handle that keeps this request alive until it is completed.
    let handle: SessionHandle
    private let completion: Completion

    init(_ handle: SessionHandle, _ completion: Completion) {
        self.handle = handle
        self.completion = completion
    }

    /// The request failed.
    func fail(_ error: ZooKeeperError) {
        switch completion {
        case .list(let complete): complete(.failure(error))
        case .read(_, let complete): complete(.failure(error))
        case .exists(let complete): complete(error == .noNode ? .success(nil) : .failure(error))
        case .permissions(let complete): complete(.failure(error))
        case .change(let complete): complete(.failure(error))
        }
    }

    /// Takes names; nil for those that the C client could not read.
    func succeed(names: [String]?) {
        guard let names else { return fail(.unreadable) }
        if case .list(let complete) = completion { complete(.success(names)) }
    }

    /// Takes data with its length, which is -1 for null.
    func succeed(data: UnsafePointer<CChar>?, length: Int32, stat: UnsafePointer<Stat>?) {
        guard case .read(let limit, let complete) = completion else { return }
        guard let stat, length == -1 || elements(UnsafeMutablePointer(mutating: data), count: length) != nil else {
            return fail(.unreadable)
        }
        let octets = UnsafeRawBufferPointer(start: data, count: Int(max(length, 0)))
        complete(.success(ZnodeContent(octets: Array(octets.prefix(limit)), stat: ZnodeStat(stat.pointee))))
    }

    func succeed(stat: UnsafePointer<Stat>?) {
        guard let stat else { return fail(.unreadable) }
        if case .exists(let complete) = completion { complete(.success(ZnodeStat(stat.pointee))) }
    }

    func succeed(permissions: ZnodePermissions?) {
        guard let permissions else { return fail(.unreadable) }
        if case .permissions(let complete) = completion { complete(.success(permissions)) }
    }

    func succeed() { if case .change(let complete) = completion { complete(.success(())) } }

    /// The pointer that C hands back to the callback. It owns nothing: the C client forgets callbacks when it is closed.
    var context: UnsafeRawPointer { UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque()) }

    /// The request behind a pointer that C handed back with a code, taken off its handle's list. Nil if the request has been completed, or
    /// failed with that code.
    static func claim(_ context: UnsafeRawPointer?, _ code: Int32) -> PendingRequest? {
        guard let context else { return nil }
        let request = Unmanaged<PendingRequest>.fromOpaque(context).takeUnretainedValue()
        guard request.handle.forget(request) else { return nil }
        request.handle.noteAnswer(code)
        guard let error = ZooKeeperError(code: code) else { return request }
        request.fail(error)
        return nil
    }
}

/// The C type is `strings_completion_t`.
func completeList(_ code: Int32, _ names: UnsafePointer<String_vector>?, _ context: UnsafeRawPointer?) {
    guard let request = PendingRequest.claim(context, code) else { return }
    let list = names.flatMap { elements($0.pointee.data, count: $0.pointee.count) }
    // A list that is cut short ends in null pointers. Octets that are no UTF-8 become U+FFFD: such a znode cannot be read afterwards, which
    // costs that one.
    let isWhole = list?.allSatisfy { $0 != nil } ?? false
    request.succeed(names: isWhole ? list?.compactMap { $0.map { String(cString: $0) } } : nil)
}

/// The C type is `data_completion_t`.
func completeRead(
    _ code: Int32, _ data: UnsafePointer<CChar>?, _ length: Int32, _ stat: UnsafePointer<Stat>?, _ context: UnsafeRawPointer?
) {
    PendingRequest.claim(context, code)?.succeed(data: data, length: length, stat: stat)
}

/// The C type is `stat_completion_t`.
func completeExists(_ code: Int32, _ stat: UnsafePointer<Stat>?, _ context: UnsafeRawPointer?) {
    PendingRequest.claim(context, code)?.succeed(stat: stat)
}

/// The C type is `acl_completion_t`.
func completePermissions(
    _ code: Int32, _ list: UnsafeMutablePointer<ACL_vector>?, _ stat: UnsafeMutablePointer<Stat>?, _ context: UnsafeRawPointer?
) {
    PendingRequest.claim(context, code)?.succeed(permissions: ZnodePermissions(ofWorld: list.map { UnsafePointer($0) }))
}

/// The C type is `string_completion_t`.
func completeCreate(_ code: Int32, _ path: UnsafePointer<CChar>?, _ context: UnsafeRawPointer?) { completeChange(code, context) }

/// The C type is `stat_completion_t`.
func completeSet(_ code: Int32, _ stat: UnsafePointer<Stat>?, _ context: UnsafeRawPointer?) { completeChange(code, context) }

/// The C type is `void_completion_t`.
func completeChange(_ code: Int32, _ context: UnsafeRawPointer?) { PendingRequest.claim(context, code)?.succeed() }

extension ZnodeStat {
    /// Copies what the C client has only for the time of a callback.
    fileprivate init(_ stat: Stat) {
        self.init(creationZxid: stat.czxid, modificationZxid: stat.mzxid)
        version = stat.version
        ephemeralOwner = stat.ephemeralOwner
        creationTime = stat.ctime
    }
}
