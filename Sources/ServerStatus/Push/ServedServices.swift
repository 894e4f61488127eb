import DNSAuthority
import ProviderRegistry
import Synchronization
import ZoneCompilation

/// Finds services for clients that speak no SRV, in the zones that queries are answered from.
package final class ServedServices: Sendable {
    /// A zone that clients may ask for, with its registry, which is at no moment older than the zone.
    package struct PushedZone: Sendable {
        let served: ServedZone
        let registry: Registry
        /// Another number where there are other services.
        let namesGeneration: Int

        package init(_ served: ServedZone, _ registry: Registry, namesGeneration: Int = 0) {
            (self.served, self.registry, self.namesGeneration) = (served, registry, namesGeneration)
        }

        /// The zone, if it can be relied on enough to be answered from.
        var zone: Zone? { served.status == .current || served.status == .stale ? served.zone : nil }
        /// The zone's origin.
        var origin: DomainName { served.origin }
    }

    /// Reads a name as `explain` takes it: a name in each zone that it may lie in.
    package typealias Read = @Sendable (String) -> [(origin: DomainName, name: DomainName)]

    private let current: @Sendable () -> [PushedZone]
    private let read: Read
    private let tables = Mutex<[DomainName: (generation: Int, table: NameTable)]>([:])

    /// Services of zones as `current` gives them at each moment.
    package init(_ current: @escaping @Sendable () -> [PushedZone], read: @escaping Read) { (self.current, self.read) = (current, read) }

    /// Services of a board's zones. `served`: the zones that are answered from now.
    package convenience init(_ board: StatusBoard, served: @escaping @Sendable () -> ServedZones, read: @escaping Read) {
        self.init(
            {
                // The zones first: the board hears of a change before it is compiled.
                let zones = Dictionary(served().all.map { ($0.origin, $0) }) { first, _ in first }
                return board.records.compactMap { origin, record in
                    zones[origin].map { PushedZone($0, record.registry, namesGeneration: record.namesGeneration) }
                }
            }, read: read)
    }

    /// The zones now in which a name may lie: one of them, or all. Throws if there is no such zone, or one of them cannot be answered from.
    func zones(_ origin: String?, of name: String? = nil) throws(PushProblem) -> [PushedZone] {
        var all = current()
        if let origins = name.map({ Set(read($0).map(\.origin)) }), !origins.isEmpty { all = all.filter { origins.contains($0.origin) } }
        guard let origin, !origin.isEmpty else { return try all.map { zone throws(PushProblem) in try Self.ready(zone) } }
        guard let name = DomainName(text: origin), let zone = all.first(where: { $0.origin == name }) else { throw .noZone }
        return [try Self.ready(zone)]
    }

    private static func ready(_ zone: PushedZone) throws(PushProblem) -> PushedZone {
        guard zone.zone != nil else { throw .notReady }
        return zone
    }

    /// The service that a name stands for in each of the zones, as far as there is one: a service's name, its service name (RFC 2782), or
    /// that of a named port. Services whose names are equal to DNS are one.
    func find(_ text: String, in zones: [PushedZone]) -> [ServedService] {
        read(text).compactMap { origin, name in
            guard let zone = zones.first(where: { $0.origin == origin }) else { return nil }
            let table = table(of: zone)
            switch table.holder(of: name) {
            case .service: return ServedService(table.services(at: name), at: name, in: zone)
            case .serviceName(let owner): return ServedService(table.services(at: owner), at: owner, in: zone)
            case .port(let owner):
                let label = name.labels.first.map { String(decoding: $0.dropFirst(), as: UTF8.self) }
                return ServedService(table.services(at: owner), at: owner, in: zone, port: label)
            case .nameServer, .instance, .one, .portHost, .place, .tag, nil: return nil
            }
        }
    }

    /// The names of all services of a zone, in an order that stays.
    func owners(in zone: PushedZone) -> [DomainName] {
        Set(zone.registry.services.keys.compactMap { ServiceNaming.owner(of: $0, in: zone.origin) })
            .sorted { $0.octets.lexicographicallyPrecedes($1.octets) }
    }

    /// The service at a name of a zone.
    func service(at owner: DomainName, in zone: PushedZone, port: String? = nil) -> ServedService {
        ServedService(table(of: zone).services(at: owner), at: owner, in: zone, port: port)
    }

    /// What Envoy is to know of a cluster, given by any name of its service: an empty assignment where there is no such service. Nil while
    /// nothing can be said.
    func assignment(_ cluster: String, in all: [PushedZone]) -> LoadAssignment? {
        let origins = Set(read(cluster).map(\.origin))
        guard !all.contains(where: { origins.contains($0.origin) && $0.zone == nil }) else { return nil }
        return LoadAssignment(cluster, find(cluster, in: all))
    }

    /// The clusters of all services of the zones that can be relied on, called by the services' domain names, with the origins of these
    /// zones. A cluster of which nothing can be said now has no assignment.
    package func clusters() -> (all: [(name: String, assignment: LoadAssignment?)], origins: [String]) {
        let zones = current().filter { $0.zone != nil }
        let all = zones.flatMap { zone in
            owners(in: zone).map { ($0.plainText, LoadAssignment($0.plainText, [service(at: $0, in: zone)])) }
        }
        return (all, zones.map(\.origin.plainText))
    }

    /// All zones now, those included that cannot be answered from.
    var everyZone: [PushedZone] { current() }

    /// The names of a zone's services. O(services) after services have come or gone.
    private func table(of zone: PushedZone) -> NameTable {
        if let known = tables.withLock({ $0[zone.origin] }), known.generation == zone.namesGeneration { return known.table }
        let table = NameTable(origin: zone.origin, services: Array(zone.registry.services.keys))
        tables.withLock { $0[zone.origin] = (zone.namesGeneration, table) }
        return table
    }
}

/// Why a request cannot be answered.
enum PushProblem: Error {
    case noZone
    case notReady
    case badRequest(String)
    case tooLong
    case busy

    /// The sentence for the client.
    var text: String {
        switch self {
        case .noZone: "no such zone"
        case .notReady: "nothing that can be relied on is known of the zone or the service now"
        case .badRequest(let text): text
        case .tooLong: "more than 256 KiB"
        case .busy: "too many requests wait, or large answers are on their way to slow readers"
        }
    }
}

extension [ServedServices.PushedZone] {
    /// The serials of the zones: of their last versions, of which queries may see more already.
    var serials: String { map { "\($0.served.zone?.authority.serial ?? 0)" }.joined(separator: "-") }
}
