/// The absolute path of a znode: names between slashes, none of them empty, `.` or `..`, without the characters that ZooKeeper refuses
/// (ZooKeeper Programmer's Guide, "The ZooKeeper Data Model").
package struct ZnodePath: Hashable, Sendable {
    /// The path as ZooKeeper takes it; without a final slash unless it is `/` itself.
    package let text: String

    /// Nil if the text is no such path.
    package init?(_ text: String) {
        guard text != "/" else {
            self.text = text
            return
        }
        guard text.hasPrefix("/"), text.unicodeScalars.allSatisfy(Self.isAllowed) else { return nil }
        let names = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        self.text = text
    }

    /// Whether a text can be one part of a path.
    package static func isName(_ text: String) -> Bool {
        !text.isEmpty && !text.utf8.contains(UInt8(ascii: "/")) && ZnodePath("/" + text) != nil
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0xD800...0xF8FF, 0xFFF0...0xFFFF: false
        default: true
        }
    }
}

/// What ZooKeeper keeps of a znode beside its data. The C type is `struct Stat`.
package struct ZnodeStat: Hashable, Sendable {
    /// The transaction that created it: lower is older.
    package let creationZxid: Int64
    /// The transaction that last changed its data.
    package let modificationZxid: Int64
    /// How often its data has been changed.
    package var version: Int32 = 0
    /// The id of the session that it goes with; 0 for a persistent one.
    package var ephemeralOwner: Int64 = 0
    /// When it was created by ZooKeeper's clock, in milliseconds since 1970.
    package var creationTime: Int64 = 0

    package init(creationZxid: Int64, modificationZxid: Int64) {
        self.creationZxid = creationZxid
        self.modificationZxid = modificationZxid
    }
}

/// Whether a znode goes when the session of its creator ends.
package enum CreateMode: Sendable {
    case persistent
    case ephemeral
}

/// A znode's data with when it came and changed.
package struct ZnodeContent: Hashable, Sendable {
    /// The data; none where ZooKeeper has null.
    package let octets: [UInt8]
    /// When it came and changed, and whose it is.
    package let stat: ZnodeStat
}
