/// How far a zone can be relied on.
package enum ZoneStatus: CaseIterable, Sendable {
    /// It has not been read yet: every question below its origin is answered with SERVFAIL.
    case notReady
    /// It says what the registry says.
    case current
    /// The registry cannot be asked; answers are the last that were right (RFC 8767).
    case stale
    /// The registry could not be asked for so long that nothing is answered any more.
    case expired

    /// The status in words.
    package var text: String {
        switch self {
        case .notReady: "not ready"
        case .current: "current"
        case .stale: "stale"
        case .expired: "expired"
        }
    }
}

/// A zone to serve, or the origin of one that has not been read yet.
package struct ServedZone: Sendable {
    package let origin: DomainName
    /// Nil for one that has not been read.
    package let zone: Zone?
    package let status: ZoneStatus
    /// Whether other servers know further names of the zone: queries for names that do not exist in it are forwarded, if any are.
    package let isPartial: Bool
    /// What other servers may transfer; nil for nothing.
    package let history: ZoneHistory?

    /// A zone with its status now.
    package init(_ zone: Zone, _ status: ZoneStatus, isPartial: Bool = false, history: ZoneHistory? = nil) {
        origin = zone.origin
        self.history = history
        self.zone = zone
        self.status = status
        self.isPartial = isPartial
    }

    /// A zone that has not been read yet.
    package init(notReady origin: DomainName) {
        self.origin = origin
        zone = nil
        status = .notReady
        isPartial = false
        history = nil
    }
}

/// All zones that a server answers from at one moment. Never changes; a new one takes its place.
///
/// Sendable although it holds pointers: nothing writes to the memory once `init` has returned.
package final class ServedZones: @unchecked Sendable {
    /// A zone as the query path sees it.
    struct Entry {
        let view: ZoneView
        let status: ZoneStatus
        /// Its place among all, behind 0 for no zone.
        let place: Int32
        /// Whether other servers know further names.
        let isPartial: Bool
    }

    /// The zones as they were handed in: those that do not lie in `arpa` first, of either kind those with the longest origins first.
    package let all: [ServedZone]
    private let zones: [Zone]
    /// The zones in the order of `all`.
    private let entries: UnsafeMutablePointer<Entry>
    /// Where the zones in `arpa` begin: there may be hundreds, of which other questions are spared the look.
    private let reverse: UnsafePointer<Entry>
    private let end: UnsafePointer<Entry>

    /// Zones of different origins; one may lie below another.
    package init(_ served: [ServedZone] = []) {
        let deepestFirst = served.sorted { $0.origin.octets.count > $1.origin.octets.count }
        // Below the root lie both kinds.
        let hasRoot = deepestFirst.last?.origin == .root
        let others = deepestFirst.filter { hasRoot || !$0.origin.isInArpa }
        let all = others + deepestFirst.filter { !hasRoot && $0.origin.isInArpa }
        let zones = all.map { $0.zone ?? Self.placeholder($0.origin) }
        self.all = all
        self.zones = zones
        entries = .allocate(capacity: zones.count)
        reverse = UnsafePointer(entries + others.count)
        end = UnsafePointer(entries + zones.count)
        for (index, served) in all.enumerated() {
            let (view, place) = (zones[index].view, Int32(clamping: index + 1))
            (entries + index).initialize(to: Entry(view: view, status: served.status, place: place, isPartial: served.isPartial))
        }
    }

    deinit { entries.deallocate() }

    /// An empty zone in the place of one that has not been read.
    private static func placeholder(_ origin: DomainName) -> Zone {
        var builder = ZoneBuilder(origin: origin, seed: 0)
        let none = StartOfAuthority(primary: origin, mailbox: origin, serial: 0, refresh: 0, retry: 0, expire: 0, minimum: 0)
        return builder.build(none, ttl: 0)
    }

    /// The deepest zone that a name lies in; nil if none. O(zones × octets), no allocation.
    @inline(__always)
    func zone(of name: FoldedName) -> UnsafePointer<Entry>? {
        var entry = UnsafePointer(entries)
        while entry != reverse {
            if entry.pointee.view.contains(name) { return entry }
            entry += 1
        }
        return entry != end && name.isInArpa ? reverseZone(of: name) : nil
    }

    @inline(never)
    private func reverseZone(of name: FoldedName) -> UnsafePointer<Entry>? {
        var entry = reverse
        while entry != end {
            if entry.pointee.view.contains(name) { return entry }
            entry += 1
        }
        return nil
    }
}

extension DomainName {
    private static let arpa = DomainName(text: "arpa") ?? .root

    /// Whether it lies in `arpa` (RFC 3172), as the names of addresses do.
    fileprivate var isInArpa: Bool { isAtOrBelow(Self.arpa) }
}

extension FoldedName {
    /// Whether it lies in `arpa`: whether its last octets are 04 "arpa" 00.
    @inline(__always)
    fileprivate var isInArpa: Bool {
        guard length >= 6 else { return false }
        let last = octets + (length &- 6)
        return UInt32(bigEndian: last.loadUnaligned(as: UInt32.self)) == 0x0461_7270
            && UInt16(bigEndian: last.loadUnaligned(fromByteOffset: 4, as: UInt16.self)) == 0x6100
    }
}
