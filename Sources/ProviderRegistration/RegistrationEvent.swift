import Logging

/// What happens to a registered provider, known by the path of its znode.
///
/// ```swift
/// for await event in registrar.events {
///     if case .lost(let path, let reason) = event { logger.warning("\(path) lost: \(reason)") }
/// }
/// ```
public enum RegistrationEvent: Hashable, Sendable {
    /// The znode exists, with the announced document, in our session.
    case registered(path: String)
    /// There is no connection to ZooKeeper now; the znode stays as long as the session.
    case suspended(path: String)
    /// The znode is gone, or not as announced; the registrar is mending that.
    case lost(path: String, Reason)
    /// ZooKeeper does not allow what was asked; it is asked again after a pause.
    case refused(path: String, reason: String)
    /// Another client has set this status in the document, which keeps it from now on.
    case statusChanged(path: String, ProviderAnnouncement.Status)
    /// The znode has been taken back.
    case withdrawn(path: String)

    /// Why a znode was lost.
    public enum Reason: Hashable, Sendable {
        /// The session that it went with is over.
        case sessionExpired
        /// Another client deleted it.
        case deleted
        /// Another client changed its data.
        case overwritten
        /// The znode belongs to another session, or to none if `owner` is 0. The registrar leaves it alone, and makes its own once it is gone.
        case taken(owner: Int64)
    }
}

extension RegistrationEvent {
    /// How much it matters to an operator.
    var level: Logger.Level {
        switch self {
        case .registered, .statusChanged, .withdrawn: .info
        case .suspended, .lost, .refused: .warning
        }
    }

    /// What happened, for a log.
    var sentence: String {
        switch self {
        case .registered: "provider registered"
        case .suspended: "connection to zookeeper lost, provider stays as long as the session"
        case .lost(_, .sessionExpired): "provider lost: session expired"
        case .lost(_, .deleted): "provider lost: znode deleted"
        case .lost(_, .overwritten): "provider lost: znode overwritten"
        case .lost(_, .taken(let owner)): "provider not registered: znode is of session 0x\(String(UInt64(bitPattern: owner), radix: 16))"
        case .refused(_, let reason): "zookeeper refuses: \(reason)"
        case .statusChanged(_, let status): "another client has set the provider's status: \(status.rawValue)"
        case .withdrawn: "provider withdrawn"
        }
    }
}
