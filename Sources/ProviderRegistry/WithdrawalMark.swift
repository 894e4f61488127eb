/// What a registrant writes behind a provider's document before it deletes the znode on purpose: white space alone, in a pattern that no other
/// writer leaves there.
///
/// The deletion of a znode looks the same from outside whether its owner wanted it or its session ran out. To any reader of JSON (RFC 8259 §2)
/// the marked document is the one that was there before, also to those that take no member but `host` and `port`.
package enum WithdrawalMark {
    static let octets = Array("\n\t \t\t \t\n".utf8)

    /// The document with the mark; nil if it would be longer than a document may be.
    package static func mark(_ document: [UInt8]) -> [UInt8]? {
        document.count + octets.count <= ProviderDocument.longest ? document + octets : nil
    }

    /// Whether a znode's content has the mark.
    package static func isMarked(_ content: [UInt8]) -> Bool { content.suffix(octets.count).elementsEqual(octets) }
}
