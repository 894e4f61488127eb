/// How far a zone can be relied on.
package enum ZoneStatus: Sendable {
    /// It says what the registry says.
    case current
    /// The registry cannot be asked; answers are the last that were right (RFC 8767).
    case stale
    /// The registry could not be asked for so long that nothing is answered any more.
    case expired
}

/// A zone to serve, or the origin of one that has not been read yet.
package struct ServedZone: Sendable {
    let origin: DomainName
    let zone: Zone?
    let status: ZoneStatus

    /// A zone with what it is worth at present.
    package init(_ zone: Zone, _ status: ZoneStatus) {
        origin = zone.origin
        self.zone = zone
        self.status = status
    }

    /// A zone that is served but not known yet: every question below its origin is answered with SERVFAIL.
    package init(notReady origin: DomainName) {
        self.origin = origin
        zone = nil
        status = .current
    }
}

/// All zones that a server answers from at one moment. Never changes; a new one takes its place.
///
/// Sendable although it holds pointers: nothing writes to the memory once `init` has returned.
package final class ServedZones: @unchecked Sendable {
    /// A zone as the query path sees it.
    struct Entry {
        let view: ZoneView
        /// Nil for a zone that has not been read yet.
        let status: ZoneStatus?
    }

    private let zones: [Zone]
    /// The zones, those with the longest origins first.
    let entries: UnsafeBufferPointer<Entry>

    /// Zones of different origins; one may lie below another.
    package init(_ served: [ServedZone] = []) {
        let deepestFirst = served.sorted { $0.origin.octets.count > $1.origin.octets.count }
        let zones = deepestFirst.map { $0.zone ?? Self.placeholder($0.origin) }
        let buffer = UnsafeMutableBufferPointer<Entry>.allocate(capacity: served.count)
        _ = buffer.initialize(from: zip(deepestFirst, zones).map { Entry(view: $1.view, status: $0.zone == nil ? nil : $0.status) })
        self.zones = zones
        entries = UnsafeBufferPointer(buffer)
    }

    deinit { entries.deallocate() }

    /// An empty zone in the place of one that has not been read.
    private static func placeholder(_ origin: DomainName) -> Zone {
        var builder = ZoneBuilder(origin: origin, seed: 0)
        return builder.build(StartOfAuthority(primary: origin, mailbox: origin, serial: 0, minimum: 0), ttl: 0)
    }

    /// The deepest zone that a name lies in; nil if none. O(zones × octets), no allocation.
    @inline(__always)
    func zone(of name: FoldedName) -> UnsafePointer<Entry>? {
        guard let start = entries.baseAddress else { return nil }
        for index in 0..<entries.count where name.isAtOrBelow(start[index].view.origin) { return start + index }
        return nil
    }
}
