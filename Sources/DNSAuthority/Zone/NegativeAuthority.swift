/// The SOA record that stands in the authority section of negative answers (RFC 2308 §2).
///
/// All of it is the same for every client but three pointers, which lead to the origin at the end of the question's name.
/// Pointers in place of names keep the longest negative answer within 512 octets.
enum NegativeAuthority {
    /// Octets of the record.
    static let length = 12 + 9 + 13 + 20
    /// Where the pointers to the origin stand: owner, end of MNAME, end of RNAME.
    static let pointerOffsets = (0, 19, 32)

    /// The record with its pointers zero; its TTL is MINIMUM (RFC 2308 §3).
    static func template(_ authority: StartOfAuthority) -> [UInt8] {
        let pointer: [UInt8] = [0, 0]
        let primary = labels(StartOfAuthority.primaryLabels) + pointer
        let mailbox = labels(StartOfAuthority.mailboxLabels) + pointer
        let data = primary + mailbox + authority.timers
        return pointer + RecordType.soa.rawValue.octets + RecordClass.internet.octets + authority.minimum.octets
            + UInt16(data.count).octets + data
    }

    private static func labels(_ labels: [String]) -> [UInt8] { labels.flatMap { [UInt8($0.utf8.count)] + $0.utf8 } }
}
