/// The absolute path of a znode: names between slashes, none of them empty, `.` or `..`, without NUL (ZooKeeper's data model).
package struct ZnodePath: Hashable, Sendable {
    /// The path as ZooKeeper takes it; no final slash but for `/` itself.
    package let text: String

    /// Nil if the text is no such path.
    package init?(_ text: String) {
        guard text != "/" else {
            self.text = text
            return
        }
        guard text.hasPrefix("/"), !text.utf8.contains(0) else { return nil }
        let names = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        self.text = text
    }
}
