/// What the server says of itself at one moment: the status page and `zoodns status` show it. Times are milliseconds since 1970.
package struct StatusReport: Codable, Sendable {
    package let now: Int64
    /// When the program started.
    package let started: Int64
    /// `zoodns` and its version.
    package let version: String
    /// The machine's name.
    package let host: String
    /// Where it answers queries.
    package let listening: [String]
    package let verdict: Verdict
    package let zookeeper: Session
    package let zones: [Zone]
    package let traffic: Traffic
    package let held: HeldListing
    package let rejected: RejectedListing

    /// The session with ZooKeeper.
    package struct Session: Codable, Sendable {
        /// `starting`, `connected` or `disconnected`.
        package let state: String
        /// Since when that is so.
        package let since: Int64?
        /// The servers, as the settings have them.
        package let servers: String
        package let reconnects: Int
        /// Sessions that have ended because ZooKeeper was out of reach for too long.
        package let expiries: Int
        /// Why there is no session; nil while there is one, or where no reason is known.
        package let obstacle: String?
    }

    /// A zone.
    package struct Zone: Codable, Sendable {
        package let origin: String
        /// `current`, `stale`, `expired` or `not ready`.
        package let state: String
        /// Since when its registry has been out of reach; nil while it is within reach.
        package let outSince: Int64?
        package let serial: UInt32?
        /// When it was published last.
        package let published: Int64?
        package let services: Int
        /// Held ones included.
        package let providers: Int
        package let held: Int
        package let rejected: Int
    }

    /// What clients have asked since the start.
    package struct Traffic: Codable, Sendable {
        package let queries: UInt64
        /// Responses by RCODE.
        package let responses: [String: UInt64]
        package let truncated: UInt64
        package let malformed: UInt64
        /// Queries that were left without a response.
        package let dropped: UInt64
        /// TCP connections now.
        package let connections: Int

        package init(queries: UInt64, responses: [String: UInt64], truncated: UInt64, malformed: UInt64, dropped: UInt64, connections: Int)
        {
            (self.queries, self.responses, self.truncated) = (queries, responses, truncated)
            (self.malformed, self.dropped, self.connections) = (malformed, dropped, connections)
        }
    }
}

/// Znodes that cannot be used, or only in part.
package struct RejectedListing: Codable, Sendable {
    package let total: Int
    /// The first of them.
    package let entries: [Entry]

    /// A znode.
    package struct Entry: Codable, Sendable {
        package let zone: String
        package let path: String
        package let reason: String
        /// The first octets of its data, as plain text.
        package let excerpt: String
    }
}
