/// The absolute path of a znode: names between slashes, none of them empty, `.` or `..`, without the characters that ZooKeeper refuses
/// (ZooKeeper Programmer's Guide, "The ZooKeeper Data Model").
package struct ZnodePath: Hashable, Sendable {
    /// The path as ZooKeeper takes it; no final slash but for `/` itself.
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
