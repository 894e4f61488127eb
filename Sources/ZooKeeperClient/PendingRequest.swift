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
        /// For a change.
        case change(@Sendable (Result<Void, ZooKeeperError>) -> Void)
    }

    /// The connection that keeps this request alive until it is completed.
    let connection: Connection
    private let completion: Completion

    init(_ connection: Connection, _ completion: Completion) {
        self.connection = connection
        self.completion = completion
    }

    /// The request failed.
    func fail(_ error: ZooKeeperError) {
        switch completion {
        case .list(let complete): complete(.failure(error))
        case .read(_, let complete): complete(.failure(error))
        case .exists(let complete): complete(error == .noNode ? .success(nil) : .failure(error))
        case .change(let complete): complete(.failure(error))
        }
    }

    func succeed(names: [String]) { if case .list(let complete) = completion { complete(.success(names)) } }
    func succeed(data: UnsafeRawBufferPointer, stat: ZnodeStat) {
        guard case .read(let limit, let complete) = completion else { return }
        complete(.success(ZnodeContent(octets: Array(data.prefix(limit)), stat: stat)))
    }
    func succeed(stat: ZnodeStat) { if case .exists(let complete) = completion { complete(.success(stat)) } }
    func succeed() { if case .change(let complete) = completion { complete(.success(())) } }

    /// The pointer that C hands back to the callback. It owns nothing: the C client forgets callbacks when it is closed.
    var context: UnsafeRawPointer { UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque()) }

    /// The request behind a pointer that C handed back, taken off its connection's list; nil if it has been completed.
    static func claim(_ context: UnsafeRawPointer?) -> PendingRequest? {
        guard let context else { return nil }
        let request = Unmanaged<PendingRequest>.fromOpaque(context).takeUnretainedValue()
        return request.connection.forget(request) ? request : nil
    }
}

/// The C type is `strings_completion_t`.
func completeList(_ code: Int32, _ names: UnsafePointer<String_vector>?, _ context: UnsafeRawPointer?) {
    guard let request = PendingRequest.claim(context) else { return }
    if let error = ZooKeeperError(code: code) { return request.fail(error) }
    let vector = names?.pointee
    // Octets that are no UTF-8 become U+FFFD: such a znode cannot be read afterwards, which costs that one.
    let list = (0..<Int(vector?.count ?? 0)).compactMap { vector?.data?[$0].map { String(cString: $0) } }
    request.succeed(names: list)
}

/// The C type is `data_completion_t`.
func completeRead(
    _ code: Int32, _ data: UnsafePointer<CChar>?, _ length: Int32, _ stat: UnsafePointer<Stat>?, _ context: UnsafeRawPointer?
) {
    guard let request = PendingRequest.claim(context) else { return }
    if let error = ZooKeeperError(code: code) { return request.fail(error) }
    request.succeed(data: UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : Int(max(length, 0))), stat: ZnodeStat(stat))
}

/// The C type is `stat_completion_t`.
func completeExists(_ code: Int32, _ stat: UnsafePointer<Stat>?, _ context: UnsafeRawPointer?) {
    guard let request = PendingRequest.claim(context) else { return }
    if let error = ZooKeeperError(code: code) { return request.fail(error) }
    request.succeed(stat: ZnodeStat(stat))
}

/// The C type is `string_completion_t`.
func completeCreate(_ code: Int32, _ path: UnsafePointer<CChar>?, _ context: UnsafeRawPointer?) { completeChange(code, context) }

/// The C type is `stat_completion_t`.
func completeSet(_ code: Int32, _ stat: UnsafePointer<Stat>?, _ context: UnsafeRawPointer?) { completeChange(code, context) }

/// The C type is `void_completion_t`.
func completeChange(_ code: Int32, _ context: UnsafeRawPointer?) {
    guard let request = PendingRequest.claim(context) else { return }
    if let error = ZooKeeperError(code: code) { return request.fail(error) }
    request.succeed()
}

extension ZnodeStat {
    /// Copies what the C client has only for the time of a callback.
    fileprivate init(_ stat: UnsafePointer<Stat>?) {
        self.init(creationZxid: stat?.pointee.czxid ?? 0, modificationZxid: stat?.pointee.mzxid ?? 0)
        version = stat?.pointee.version ?? 0
        ephemeralOwner = stat?.pointee.ephemeralOwner ?? 0
        creationTime = stat?.pointee.ctime ?? 0
    }
}
