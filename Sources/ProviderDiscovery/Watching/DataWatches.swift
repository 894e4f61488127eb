import ProviderRegistry

/// Which providers' data has a watch.
///
/// At each reconnect the C client sets all watches again in one packet, and ZooKeeper takes packets of a mebibyte: 15,000 paths of 64 octets
/// fit. Services share most of the watches. The others are reserved: each service can have a few, so that a service with thousands of providers
/// leaves some for others. A provider keeps its watch until it is gone.
struct DataWatches {
    /// Watches of a session for any provider: registries up to this size have one on every provider's data.
    static let mostShared = 10_000
    /// Reserved watches, for providers of small services, and for data that cannot be used.
    static let mostReserved = 5000
    /// Reserved watches of one service. A service with at most so many providers is small.
    static let mostReservedOfService = 100

    /// The providers of one service that have a watch.
    private struct Watched {
        var shared: Set<InstanceName> = []
        var reserved: Set<InstanceName> = []
    }

    private var mostShared = 0
    private var mostReserved = 0
    private var services: [ServiceName: Watched] = [:]
    private var shared = 0
    private var reserved = 0

    /// No watch yet. So many zones share a session, and have equal parts of all watches.
    init(zones: Int) { share(among: zones) }

    /// So many zones share the session from now on; watches that there are stay.
    mutating func share(among zones: Int) {
        mostShared = Self.mostShared / max(zones, 1)
        mostReserved = Self.mostReserved / max(zones, 1)
    }

    /// All providers that have a watch. O(watches).
    var all: [(ServiceName, InstanceName)] {
        services.flatMap { name, watched in (Array(watched.shared) + Array(watched.reserved)).map { (name, $0) } }
    }

    /// Whether a provider has a watch.
    func contains(_ instance: InstanceName, of name: ServiceName) -> Bool {
        guard let watched = services[name] else { return false }
        return watched.shared.contains(instance) || watched.reserved.contains(instance)
    }

    /// Whether one more provider of a service can have a watch; a reserved one only if it `isPreferred`.
    func hasRoom(for name: ServiceName, besides waiting: ReadingTurns.Size, isPreferred: @autoclosure () -> Bool) -> Bool {
        hasSharedRoom(for: name, besides: waiting) || hasReservedRoom(for: name) && isPreferred()
    }

    /// Gives a watch to a provider that has none, if `hasRoom`.
    mutating func grant(_ instance: InstanceName, of name: ServiceName, besides waiting: ReadingTurns.Size) {
        if hasSharedRoom(for: name, besides: waiting) {
            services[name, default: Watched()].shared.insert(instance)
            shared += 1
        } else {
            services[name, default: Watched()].reserved.insert(instance)
            reserved += 1
        }
    }

    /// Whether a service can have one more shared watch, and each that waits for its turn as many: otherwise the first of thousands of providers
    /// would have all.
    private func hasSharedRoom(for name: ServiceName, besides waiting: ReadingTurns.Size) -> Bool {
        let own = services[name]?.shared.count ?? 0
        return shared + min(waiting.reads, waiting.services * (own + 1)) < mostShared
    }

    private func hasReservedRoom(for name: ServiceName) -> Bool {
        reserved < mostReserved && services[name]?.reserved.count ?? 0 < Self.mostReservedOfService
    }

    /// A provider is gone, and its watch with it.
    mutating func release(_ instance: InstanceName, of name: ServiceName) {
        if services[name]?.shared.remove(instance) != nil { shared -= 1 }
        releaseReserved(instance, of: name)
    }

    /// Takes back a reserved watch, which has fired: another provider of the service may need it more.
    mutating func releaseReserved(_ instance: InstanceName, of name: ServiceName) {
        if services[name]?.reserved.remove(instance) != nil { reserved -= 1 }
        if let watched = services[name], watched.shared.isEmpty, watched.reserved.isEmpty { services[name] = nil }
    }
}
