import DNSAuthority

/// How versions of zones are numbered now, and how much is kept of the earlier ones.
package struct VersionNumbering {
    /// The serial of a version that follows another, given that one's serial, nil for the first; nil if none may be made now.
    let serial: (UInt32?) -> UInt32?
    /// Most octets of the differences that are kept of a zone; nil or 0 for none.
    let journal: Int?

    package init(journal: Int? = nil, serial: @escaping (UInt32?) -> UInt32?) { (self.serial, self.journal) = (serial, journal) }
}

/// Which states of a zone other servers may transfer.
///
/// Queries see each change at once, under the serial of the last version. A pause between versions keeps serials from running ahead of the
/// clock that numbers them: a restart would otherwise give a serial to other content.
struct ZoneVersions {
    /// The last version with the differences that led to it; nil before the first.
    private(set) var history: ZoneHistory?
    /// Whether queries see more than the last version has, or would if there were one.
    private(set) var isBehind = false
    /// Octets of all differences.
    private var journalLength = 0

    /// The serial with which a zone is to be built now; nil if it stays as it is.
    mutating func serial(of zone: Zone?, isChanged: Bool, _ numbering: VersionNumbering) -> UInt32? {
        guard isChanged || isBehind else { return nil }
        let serial = numbering.serial(zone?.authority.serial) ?? (isChanged ? zone?.authority.serial : nil)
        if serial == nil { isBehind = true }
        return serial
    }

    /// Takes in that a zone was built, after another: a version if its serial is new.
    mutating func take(_ zone: Zone, after last: Zone?, from builder: inout ZoneBuilder, _ numbering: VersionNumbering) {
        isBehind = zone.authority.serial == last?.authority.serial
        guard !isBehind else { return }
        let journal = numbering.journal ?? 0
        guard let changes = builder.takeChanges(isKept: journal > 0), journal > 0, let history, history.length > 0,
            // An SOA record that differs in more than its serial is one that the journal does not have.
            history.zone.hasAuthority(of: zone),
            let difference = changes.difference(from: history.zone, to: zone, by: builder, limit: journal)
        else {
            journalLength = 0
            return self.history = ZoneHistory(zone, length: journal > 0 ? ZoneRecords.length(of: zone) : 0)
        }
        let length = history.length + difference.came.count - difference.gone.count
        journalLength += difference.length
        var differences = (history.differences + [difference])[...]
        while journalLength > min(journal, length), let first = differences.popFirst() { journalLength -= first.length }
        self.history = ZoneHistory(zone, differences: Array(differences), length: length)
    }
}

extension Zone {
    /// Whether its SOA record differs from another version's in the serial alone.
    fileprivate func hasAuthority(of other: Zone) -> Bool {
        var authority = authority
        authority.serial = other.authority.serial
        return authority == other.authority && ttl == other.ttl
    }
}
