import CZooKeeper

/// Why ZooKeeper did not do what was asked, as far as a caller acts on it. The C type is `ZOO_ERRORS`.
package enum ZooKeeperError: Error, Hashable, Sendable {
    /// There is no such znode.
    case noNode
    /// There is such a znode already.
    case nodeExists
    /// The znode's data has been changed meanwhile.
    case badVersion
    /// The connection is, or was, gone: whether it was done is not known. Worth another try once connected.
    case connectionLoss
    /// The session is over, has moved to another client, is not let in with its credentials, or its handle is closed. Worth another try in the
    /// next session.
    case sessionEnded
    /// Anything else, by its number in `ZOO_ERRORS`.
    case other(Int32)

    /// The error for a C return code; nil for ZOK.
    init?(code: Int32) {
        switch code {
        case ZOK.rawValue: return nil
        case ZNONODE.rawValue: self = .noNode
        case ZNODEEXISTS.rawValue: self = .nodeExists
        case ZBADVERSION.rawValue: self = .badVersion
        case ZCONNECTIONLOSS.rawValue, ZOPERATIONTIMEOUT.rawValue: self = .connectionLoss
        case ZSESSIONEXPIRED.rawValue, ZCLOSING.rawValue, ZINVALIDSTATE.rawValue, ZSESSIONMOVED.rawValue, ZAUTHFAILED.rawValue,
            ZSESSIONCLOSEDREQUIRESASLAUTH.rawValue:
            self = .sessionEnded
        default: self = .other(code)
        }
    }

    /// What the C client hands over is no answer to the request.
    static let unreadable = ZooKeeperError.other(ZMARSHALLINGERROR.rawValue)

    /// Whether the same request may succeed once there is a connection.
    package var isPassing: Bool { self == .connectionLoss || self == .sessionEnded }

    /// Whether the same request may succeed a while later over the same connection: the server is busy, or its ensemble changes.
    package var isTransient: Bool {
        guard case .other(let code) = self else { return false }
        return Self.transient.contains { $0.rawValue == code } || code == Self.requestTimeout
    }

    // Not what came out of place or broke off: the C client aborts when more of that follows.
    private static let transient = [ZTHROTTLEDOP, ZSYSTEMERROR, ZNEWCONFIGNOQUORUM, ZRECONFIGINPROGRESS]

    /// `KeeperException.Code.REQUESTTIMEOUT`, for which the C client has no name.
    private static let requestTimeout: Int32 = -122

    /// What it is, in a few words.
    package var text: String {
        switch self {
        case .noNode: "no such znode"
        case .nodeExists: "znode exists"
        case .badVersion: "znode has been changed"
        case .connectionLoss: "connection lost"
        case .sessionEnded: "session ended"
        case .other(let code): String(cString: zerror(code))
        }
    }
}
