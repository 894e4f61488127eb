/// Keys in BIND's form, as `tsig-keygen` prints it.
package struct KeyFile: Hashable, Sendable {
    package let keys: [TransactionKey]

    /// Reads the octets of a file. Throws if a statement is not a key's, or says of a key what cannot be used.
    package init(_ octets: [UInt8]) throws(KeyFileError) {
        keys = []
    }
}

/// What is wrong in a key file.
package struct KeyFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Each with the number of its line, from 1.
    package let problems: [String]

    package var description: String { problems.joined(separator: "; ") }
}
