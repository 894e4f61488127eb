/// What one name server says to one question.
enum Reply: Hashable, Sendable {
    /// It has records for the name, the name's alias at least: the search ends here.
    case answered(Outcome)
    /// There is no such name, or it has no such records; good for so many seconds.
    case negative(ttl: Int)
    /// Nothing to go by.
    case failed(Failure)

    /// Why there is nothing to go by.
    enum Failure: Hashable, Sendable {
        /// SERVFAIL: another search domain may have other name servers.
        case serverFailure
        /// REFUSED, NOTIMP, a referral, or octets that are no response: another name server may know better.
        case rejected
        /// Another response code: no name server knows better.
        case final
        /// No response in time.
        case silent
        /// The machine, or its network, has no name server there.
        case unreachable
    }
}
