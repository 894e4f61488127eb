/// Why a query is answered without a look at any zone.
struct Refusal {
    let code: ResponseCode
    let error: ExtendedError?

    /// Judges a query that has been parsed; nil if a zone must be asked.
    @inline(__always)
    static func judge(_ query: Query) -> Refusal? {
        if query.verdict != .noError { return Refusal(code: query.verdict, error: nil) }
        if let edns = query.edns, edns.version > EDNS.version { return Refusal(code: .badVersion, error: nil) }
        if query.type.isMeta || query.type == .opt, let refusal = judge(query.type) { return refusal }
        guard query.recordClass == RecordClass.internet || query.recordClass == RecordClass.any else {
            return Refusal(code: .refused, error: .notAuthoritative)
        }
        return nil
    }

    /// Types that are no data (RFC 6895 §3.1); of those only ANY is answered.
    private static func judge(_ type: RecordType) -> Refusal? {
        switch type {
        case .any: nil
        case .axfr, .ixfr: Refusal(code: .refused, error: .prohibited)
        // OPT is no question (RFC 6891 §6.1.1), nor is NXNAME (RFC 9824 §3.4).
        case .opt, .nxname: Refusal(code: .formatError, error: nil)
        default: Refusal(code: .notImplemented, error: nil)
        }
    }
}
