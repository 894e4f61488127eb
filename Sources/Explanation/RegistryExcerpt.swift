import DNSAuthority
import ProviderRegistry
import ZoneCompilation
import ZooKeeperClient

/// A zone's origin and where its registry is.
package struct ZoneSource: Hashable, Sendable {
    /// The zone's origin.
    package let origin: DomainName
    /// Which paths of ZooKeeper's tree hold what.
    package let layout: RegistryLayout

    package init(origin: DomainName, layout: RegistryLayout) { (self.origin, self.layout) = (origin, layout) }
}

extension [ZoneSource] {
    /// The deepest zone that a name lies in; nil if it lies in none.
    func source(around name: DomainName) -> ZoneSource? {
        filter { name.isAtOrBelow($0.origin) }.max { $0.origin.octets.count < $1.origin.octets.count }
    }
}

/// A provider's znode as it was read.
package struct ProviderZnode: Sendable {
    /// What the znode's content is.
    package enum State: Sendable {
        /// A provider's document.
        case usable(ProviderDocument)
        /// Something of its writers' own that is no provider.
        case other
        /// No document, for this reason; its first octets.
        case rejected(ProviderDocument.Rejection, excerpt: String)
        /// ZooKeeper did not give the content.
        case failed(ZooKeeperError)
    }

    package let service: ServiceName
    package let instance: InstanceName
    package let state: State
    /// The content's octets, one more than a document may have at most.
    let size: Int
    /// The znode's age and owner; nil if it could not be read, or need not be.
    let stat: ZnodeStat?
    /// The weights that it gives to other znodes of its service; nil for nearly all.
    private(set) var weights: WeightVector?

    /// Judges what ZooKeeper answered, as the server does.
    init(
        _ service: ServiceName, _ instance: InstanceName, _ result: Result<ZnodeContent, ZooKeeperError>,
        _ format: RegistryFormat = .providers
    ) {
        (self.service, self.instance) = (service, instance)
        switch result {
        case .success(let content):
            (state, weights) = Self.judge(instance, content.octets, format)
            (size, stat) = (content.octets.count, content.stat)
        case .failure(let error): (state, size, stat) = (.failed(error), 0, nil)
        }
    }

    /// Judges a name that says all.
    init(_ service: ServiceName, _ instance: InstanceName, _ format: RegistryFormat) {
        (self.service, self.instance, size, stat) = (service, instance, 0, nil)
        (state, weights) = Self.judge(instance, [], format)
    }

    private static func judge(_ instance: InstanceName, _ octets: [UInt8], _ format: RegistryFormat) -> (State, WeightVector?) {
        do throws(ProviderDocument.Rejection) {
            return switch try format.read(instance, octets) {
            case .provider(let document): (.usable(document), nil)
            case .weights(let vector): (.other, vector)
            case .nothing: (.other, nil)
            }
        } catch {
            return (.rejected(error, excerpt: ProviderDocument.excerpt(octets)), nil)
        }
    }

    /// The znode's age in ZooKeeper's counting, the highest number where it is not known.
    fileprivate var creationZxid: Int64 { stat?.creationZxid ?? .max }

    /// The znode's registration; nil if it has no provider.
    var registration: Registration? {
        guard case .usable(let document) = state else { return nil }
        return Registration(
            creationZxid: stat?.creationZxid ?? 0, modificationZxid: stat?.modificationZxid ?? 0, provider: document.provider)
    }
}

/// As much of one zone's registry as questions need: the names of all services, and the providers of those that matter.
///
/// The names alone decide which names exist, and which of them an instance must give way to.
package struct RegistryExcerpt: Sendable {
    /// What was read of a service.
    package enum Listing: Sendable {
        /// The service's name alone.
        case unread
        /// All znodes below the service's.
        case read([ProviderZnode])
        /// The service's children cannot be listed.
        case failed(ZooKeeperError)
    }

    package let source: ZoneSource
    /// Whether the parent of all services exists.
    package let hasRoot: Bool
    /// The paths between root and services that cannot be listed.
    let unlisted: [String: ZooKeeperError]
    /// What was read of each service.
    package private(set) var listings: [ServiceName: Listing]
    /// Who has which name, as the server gives names out.
    let names: NameTable

    /// A zone with services of these names, none of them read yet; nil where their parent is missing.
    init(_ source: ZoneSource, services names: [ServiceName]?, unlisted: [String: ZooKeeperError] = [:]) {
        (self.source, self.unlisted) = (source, unlisted)
        hasRoot = names != nil
        listings = Dictionary(uniqueKeysWithValues: Set(names ?? []).map { ($0, .unread) })
        self.names = NameTable(origin: source.origin, services: listings.keys.sorted())
    }

    /// The services that share a domain name.
    func services(at owner: DomainName) -> [ServiceName] { names.services(at: owner) }

    /// The znodes of services as far as they have been read, the oldest first.
    func znodes(of names: [ServiceName]) -> [ProviderZnode] {
        let znodes = names.flatMap { name -> [ProviderZnode] in
            guard case .read(let znodes) = listings[name] else { return [] }
            return znodes
        }
        return znodes.sorted { ($0.creationZxid, $0.instance) < ($1.creationZxid, $1.instance) }
    }

    /// Takes in what was found at a service's znode.
    mutating func set(_ name: ServiceName, to listing: Listing) { listings[name] = listing }

    /// The registry as the server has it, less the providers of services that were not read.
    package var registry: Registry {
        var registry = Registry()
        for (name, listing) in listings {
            switch listing {
            // Deleted since the list of services was read.
            case .failed(.noNode): break
            case .failed: registry.services[name] = Service(reach: .unknown)
            case .unread: registry.services[name] = Service()
            case .read(let znodes):
                let registrations = znodes.compactMap { znode in znode.registration.map { (znode.instance, $0) } }
                let weights = znodes.compactMap { znode in znode.weights.map { (znode.instance, $0) } }
                registry.services[name] = Service(
                    registrations: Dictionary(uniqueKeysWithValues: registrations), weights: Dictionary(uniqueKeysWithValues: weights))
            }
        }
        return registry
    }
}
