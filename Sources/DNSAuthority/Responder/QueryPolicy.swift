/// What a server does with queries beyond what its zones say. Never changes; a new one takes its place.
package final class QueryPolicy: Sendable {
    /// Whether a query for a name outside every zone is deferred, to be forwarded.
    package let isForwarding: Bool
    /// Whether that goes for names below `local.` too, which belong to the link and not to any server (RFC 6762 §3).
    package let forwardsLocal: Bool

    /// Zones alone decide, unless said otherwise.
    package init(isForwarding: Bool = false, forwardsLocal: Bool = false) {
        (self.isForwarding, self.forwardsLocal) = (isForwarding, forwardsLocal)
    }
}
