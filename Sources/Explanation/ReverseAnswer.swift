import DNSAuthority
import IPAddressing
import ZoneCompilation

/// What the name of an address is answered with: the providers of all zones that have the address.
package struct ReverseAnswer: Encodable, Sendable {
    /// The domain name.
    package let name: String
    /// The zone's origin.
    package let zone: String
    package let serial: UInt32?
    /// How far the zone can be relied on: `current`, `stale`, `expired` or `not ready`.
    package let status: String
    /// The answer, a line each.
    package let answer: [String]
    /// Whether there is such a name, or nothing is known of it.
    package let exists: Bool

    /// Explains an address, or a name, by the one of the zones that it lies in, if that is one of addresses' names; nil for any other.
    package init?(_ text: String, in zones: some Sequence<ServedZone>) {
        guard let name = Self.name(text), let served = zones.filter({ name.isAtOrBelow($0.origin) }).max(by: Self.isLess) else {
            return nil
        }
        self.name = PlainText.name(name)
        zone = PlainText.name(served.origin)
        serial = served.zone?.authority.serial
        status = served.status.text
        (answer, exists) = Self.answer(name, served)
    }

    /// The name that a text stands for if it lies in a zone of a policy: an address, or the name of one; nil for any other.
    package static func name(_ text: String, _ policy: ReversePolicy) -> DomainName? {
        name(text).flatMap { name in policy.prefixes.contains { name.isAtOrBelow($0.origin) } ? name : nil }
    }

    private static func name(_ text: String) -> DomainName? {
        if let address = IPAddress(text) { return ReversePrefix.name(of: address) }
        return DomainName(text: text).flatMap { $0.isAtOrBelow(arpa) ? $0 : nil }
    }

    private static let arpa = DomainName(text: "arpa") ?? .root

    private static func isLess(_ left: ServedZone, _ right: ServedZone) -> Bool { left.origin.octets.count < right.origin.octets.count }

    private static func answer(_ name: DomainName, _ served: ServedZone) -> (lines: [String], exists: Bool) {
        switch served.status {
        case .notReady: return (["answer (SERVFAIL): the registries of all zones have not been read"], true)
        case .expired: return (["answer (SERVFAIL): ZooKeeper has been out of reach for too long"], true)
        case .current, .stale: break
        }
        guard let zone = served.zone, let records = MasterFile.records(at: name, in: zone) else { return (["answer (NXDOMAIN)"], false) }
        guard let pointers = records.first(where: { $0.type == .ptr }) else {
            return (["answer (NODATA): no address has this name"], true)
        }
        guard !pointers.lines.isEmpty else { return (["answer (SERVFAIL): nothing is known of the service that had the address"], true) }
        return (["answer (NOERROR)"] + pointers.lines.map { "  " + $0 }, true)
    }

    /// The explanation for people, its lines.
    package var text: String {
        let title = "\(name): in zone \(zone), \(status)" + (serial.map { ", serial \($0)" } ?? "")
        return ([title] + answer).joined(separator: "\n") + "\n"
    }
}
