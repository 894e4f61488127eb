/// One publication of a zone: what is different from the last one.
package struct PublishedChange: Codable, Sendable {
    /// The zone's origin.
    package let zone: String
    package let serial: UInt32
    /// `current`, `stale` or `expired`.
    package let state: String
    /// When, in milliseconds since 1970.
    package let at: Int64
    /// The services that have changed, the first of them.
    package let services: [ServiceChange]
    /// How many more there are.
    package let more: Int
}

/// What became of a service between two publications.
package struct ServiceChange: Codable, Equatable, Sendable {
    /// The service's name, cut where it is very long.
    package let name: String
    /// How many providers it has now, held ones included; nil if it is gone.
    package let providers: Int?
    /// How many of them are held.
    package let held: Int
    /// How many it had; nil if it is new.
    package let before: Int?
}
