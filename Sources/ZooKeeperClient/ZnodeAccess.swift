import CZooKeeper

/// Who may do what with a znode that is made (ZooKeeper Programmer's Guide, "ZooKeeper access control using ACLs").
package enum ZnodeAccess: Sendable {
    /// Anyone may do anything.
    case open
    /// Anyone may read; all else is for the users that the session's credentials name.
    case readable
    /// Only the users that the session's credentials name may do anything.
    case creatorOnly

    /// The C type is `ACL_vector`.
    var list: UnsafePointer<ACL_vector>? {
        switch self {
        case .open: zoo_open_acl_unsafe()
        case .readable: zoo_creator_acl(1)
        case .creatorOnly: zoo_creator_acl(0)
        }
    }
}

/// What a client may do with a znode and its children. The C constants are `ZOO_PERM_…`.
package struct ZnodePermissions: OptionSet, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let read = ZnodePermissions(rawValue: 1)
    package static let write = ZnodePermissions(rawValue: 2)
    package static let create = ZnodePermissions(rawValue: 4)
    package static let delete = ZnodePermissions(rawValue: 8)
    package static let admin = ZnodePermissions(rawValue: 16)

    /// Their names, with commas between.
    package var text: String {
        let names: [(ZnodePermissions, String)] = [
            (.read, "read"), (.write, "write"), (.create, "create"), (.delete, "delete"), (.admin, "admin"),
        ]
        return names.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
    }
}

extension ZnodePermissions {
    /// Those that anonymous clients have by a list that the C client hands over; nil if the list is cut short.
    init?(ofWorld list: UnsafePointer<ACL_vector>?) {
        guard let list = list?.pointee, let entries = elements(list.data, count: list.count) else { return nil }
        var all: ZnodePermissions = []
        for entry in entries {
            guard let scheme = entry.id.scheme, let id = entry.id.id else { return nil }
            guard String(cString: scheme) == "world", String(cString: id) == "anyone" else { continue }
            all.formUnion(ZnodePermissions(rawValue: entry.perms))
        }
        self = all
    }
}

/// The elements of a vector that the C client hands over; nil if it has no length, or no elements where there should be some.
func elements<Element>(_ start: UnsafeMutablePointer<Element>?, count: Int32) -> UnsafeBufferPointer<Element>? {
    guard count >= 0, count == 0 || start != nil else { return nil }
    return UnsafeBufferPointer(start: start, count: Int(count))
}

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
