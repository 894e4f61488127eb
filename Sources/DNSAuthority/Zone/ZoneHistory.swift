/// What is different between two versions of a zone, one right after the other (RFC 1995 §4).
package struct ZoneDifference: Sendable {
    /// The serials of both versions.
    package let from: UInt32
    package let to: UInt32
    /// The records that only the earlier version has, and those that only the later one has, their SOA records not among them: in wire form one
    /// after another, with no name compressed.
    package let gone: [UInt8]
    package let came: [UInt8]

    package init(from: UInt32, to: UInt32, gone: [UInt8], came: [UInt8]) {
        (self.from, self.to, self.gone, self.came) = (from, to, gone, came)
    }

    /// Octets of all records, the SOA records of both versions included, as a difference without others takes room too.
    package var length: Int { gone.count + came.count + 2 * Self.lengthOfSOA }

    /// More octets than an SOA record has where names are not very long.
    private static let lengthOfSOA = 128
}

/// The version of a zone that other servers may transfer now, and how it has come of earlier ones.
///
/// What queries see may be newer, under the same serial: it becomes the next version in a moment.
package struct ZoneHistory: Sendable {
    /// The version.
    package let zone: Zone
    /// The differences that lead to it, the earliest first: each begins where the one before it ends. Empty if none are known.
    package let differences: [ZoneDifference]
    /// Octets of all records of the version; 0 if no differences are kept.
    package let length: Int

    package init(_ zone: Zone, differences: [ZoneDifference] = [], length: Int = 0) {
        (self.zone, self.differences, self.length) = (zone, differences, length)
    }

    /// The version's serial.
    package var serial: UInt32 { zone.authority.serial }

    /// The differences that lead from a version to this one, the earliest first; nil if they are not known.
    package func differences(since serial: UInt32) -> ArraySlice<ZoneDifference>? {
        differences.lastIndex { $0.from == serial }.map { differences[$0...] }
    }
}
