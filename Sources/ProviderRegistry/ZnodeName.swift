/// The last part of a znode's path, as it is: any text without a slash.
///
/// Equal octet by octet, as ZooKeeper has it: two spellings of one letter are two znodes, although Swift calls such strings equal.
package struct ZnodeName: Hashable, Comparable, Sendable {
    /// The name.
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: ZnodeName, right: ZnodeName) -> Bool {
        left.text == right.text && left.text.utf8.elementsEqual(right.text.utf8)
    }

    package static func < (left: ZnodeName, right: ZnodeName) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// The name of a service.
package typealias ServiceName = ZnodeName

/// The name of one of a service's providers.
package typealias InstanceName = ZnodeName
