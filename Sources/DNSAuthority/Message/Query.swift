/// A query as far as it could be read; fixed size, refers to octets of the message by offset.
struct Query {
    /// The header's flags.
    var flags: HeaderFlags
    /// The first octet after the question; `Header.length` if there is no question that can be repeated.
    var questionEnd = Header.length
    /// Octets of QNAME, which begins right after the header; 0 without a question.
    var nameLength = 0
    /// QTYPE.
    var type = RecordType(rawValue: 0)
    /// QCLASS.
    var recordClass: UInt16 = 0
    /// The OPT record, if there was a well-formed one.
    var edns: EDNS?
    /// `noError`, or what the query must be answered with whatever the zones hold.
    var verdict = ResponseCode.noError

    init(flags: HeaderFlags) { self.flags = flags }
}
