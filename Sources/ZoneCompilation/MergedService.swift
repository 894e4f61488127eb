import ProviderRegistry

/// All registrations of the services that share one domain name, twins merged.
struct MergedService: Equatable {
    /// The providers, the oldest znode first; no two offer the same host and port.
    let registrations: [Registration]

    /// What makes two providers one.
    private struct Offer: Hashable {
        let host: ProviderHost
        let port: UInt16
    }

    /// Merges services whose names differ only in case. Of providers with equal host and port the oldest znode stands for all.
    init(_ services: some Sequence<Service>) {
        let byAge = services.flatMap(\.registrations.values).sorted {
            ($0.creationZxid, $0.instance) < ($1.creationZxid, $1.instance)
        }
        var seen: Set<Offer> = []
        registrations = byAge.filter { seen.insert(Offer(host: $0.provider.host, port: $0.provider.port)).inserted }
    }
}
