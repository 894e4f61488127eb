/// What a server does with queries beyond what its zones say. Never changes; a new one takes its place.
package final class QueryPolicy: Sendable {
    /// Whether a query for a name outside every zone is deferred, to be forwarded.
    package let isForwarding: Bool

    /// Zones alone decide, unless told otherwise.
    package init(isForwarding: Bool = false) { self.isForwarding = isForwarding }
}
