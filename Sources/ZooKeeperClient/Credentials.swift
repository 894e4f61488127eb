/// Who a session is for ZooKeeper's access control lists, by the digest scheme (ZooKeeper Programmer's Guide, "Builtin ACL Schemes").
package struct Credentials: Sendable {
    /// The only scheme there is here.
    static let scheme = "digest"

    /// The user and the password, with a colon between; never printed.
    let userAndPassword: String

    /// Reads `digest:user:password`; nil for anything else. The password may have colons.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == Self.scheme, !parts[1].isEmpty, !parts[2].isEmpty else { return nil }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        userAndPassword = "\(parts[1]):\(parts[2])"
    }

    /// What they were read from.
    package var text: String { "\(Self.scheme):\(userAndPassword)" }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Nothing that would matter in a log.
    package var description: String { "\(Self.scheme):***" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(reflecting: description) }
}
