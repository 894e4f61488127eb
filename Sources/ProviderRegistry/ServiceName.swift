/// A service's name: the name of its znode, as it is.
package struct ServiceName: Hashable, Comparable, Sendable {
    /// The znode's name; any text without a slash.
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func < (left: ServiceName, right: ServiceName) -> Bool { left.text < right.text }
}
