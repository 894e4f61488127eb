import ProviderRegistry
import ZooKeeperClient

/// Something to ask ZooKeeper for. Every request leaves a watch behind but `read` where that says otherwise.
enum WatchRequest: Hashable, Sendable {
    /// The names of all services, or of all branches of the first level.
    case listServices
    /// Whether the root has come into being.
    case awaitRoot
    /// The names of a branch's services, or of its branches.
    case listBranch(BranchName)
    /// Whether the path that holds what is below a branch has come into being.
    case awaitBranch(BranchName)
    /// The names of a service's providers.
    case listProviders(ServiceName)
    /// Whether the path that holds a service's providers has come into being.
    case awaitProviders(ServiceName)
    /// A provider's data.
    case read(ServiceName, instance: InstanceName)

    /// The names of what is below a branch, the root included.
    static func list(_ branch: BranchName) -> WatchRequest { branch == .root ? .listServices : .listBranch(branch) }
}

/// What comes back for a request.
enum WatchAnswer: Sendable {
    case names([String])
    case exists(Bool)
    case content(ZnodeContent)
    case failed(ZooKeeperError)
}

/// Something that happens to the follower of a registry. Answers carry the generation of the session that they were asked in.
enum DiscoveryInput: Sendable {
    case session(SessionEvent)
    /// An earlier program kept this registry, which was last known to be right at this instant.
    case restored(Registry, asOf: ContinuousClock.Instant)
    case answer(WatchAnswer, to: WatchRequest, generation: Int)
    /// The host of a provider refuses connections to its port.
    case refused(Provider.Offer, of: ServiceName)
    /// The operator has decided otherwise.
    case configured(WatchSettings)
}
