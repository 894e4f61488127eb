import Logging
import ProviderRegistry
import ServiceLifecycle
import Synchronization
import ZooKeeperClient

/// Knows the providers of every service while `run` runs: it watches ZooKeeper, and keeps what it knew last while ZooKeeper is away. After an
/// outage it keeps providers that vanish for two minutes more, four where a service has no other: healthy ones lose their znodes too, and take as
/// long to return.
///
/// ```swift
/// let directory = try ProviderDirectory(zooKeeper: "zk1:2181,zk2:2181,zk3:2181")
/// async let running: Void = directory.run()
/// if let second = await directory.provider(of: "second") { print("\(second.host):\(second.port)") }
/// ```
///
/// In a service group put it behind the server whose requests ask it: a question that still waits is answered when the directory ends, before
/// the server waits for its requests.
public final class ProviderDirectory: ServiceLifecycle.Service {
    private let client: Client
    private let layout: RegistryLayout
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        /// Nil before the first complete read.
        var registry: Registry?
        var isConnected = false
        /// Services that ZooKeeper does not answer for.
        var lost: Set<ServiceName> = []
        /// `run` has returned.
        var isOver = false
        var nextSubscriber = 0
        var subscribers: [Int: Subscriber] = [:]
    }

    private struct Subscriber {
        let service: ServiceName
        let continuation: AsyncStream<[DiscoveredProvider]>.Continuation
        /// What it was given last; nil before that.
        var given: [DiscoveredProvider]?
    }

    /// A directory of the registry below `root`, a path, or `FORMAT:PATH` as `--zone` of `zoodns serve` takes it. `zooKeeper` are the servers, with a chroot if need be: `h1:2181,h2:2181/chroot`;
    /// `authentication` is who to be for ZooKeeper's access control lists, `digest:user:password`, nil for anonymous.
    public init(
        zooKeeper: String, authentication: String? = nil, root: String = RegistryLayout.usualRoot,
        sessionTimeout: Duration = .usualSessionTimeout,
        logger: Logger = Logger(label: "directory")
    ) throws(DirectoryError) {
        guard let servers = ConnectString(zooKeeper) else { throw .badServers(zooKeeper) }
        let credentials = authentication.flatMap(Credentials.init)
        guard authentication == nil || credentials != nil else { throw .badAuthentication }
        guard let layout = try? RegistryLayout(text: root) else { throw .badRoot(root) }
        self.layout = layout
        client = Client(servers: servers, timeout: sessionTimeout, credentials: credentials, logger: logger)
        self.logger = logger
    }

    /// Why ZooKeeper cannot be asked, in a few words; nil while it answers, and before anything is known.
    package var obstacle: String? { client.obstacle?.text }

    /// Follows the registry until the task is cancelled or shut down gracefully. To be run once.
    public func run() async {
        let watcher = ProviderWatcher(client: client, layout: layout, settings: WatchSettings(), logger: logger) { [weak self] in
            self?.take($0)
        }
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.client.run() }
                group.addTask { await watcher.run() }
            }
        }
        let subscribers = state.withLock { state in
            state.isOver = true
            state.isConnected = false
            defer { state.subscribers = [:] }
            return state.subscribers
        }
        for subscriber in subscribers.values { subscriber.continuation.finish() }
    }
}

/// Why there can be no directory.
///
/// ```swift
/// do { directory = try ProviderDirectory(zooKeeper: servers) } catch { print(error) }
/// ```
public enum DirectoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// This is no list of servers.
    case badServers(String)
    /// This is not of the form `digest:user:password`.
    case badAuthentication
    /// This is no absolute path, and no format with one.
    case badRoot(String)

    /// A sentence for people.
    public var description: String {
        switch self {
        case .badServers(let text): "\(text.debugDescription) is no list of servers such as h1:2181,h2:2181/chroot"
        case .badAuthentication: "the authentication is not of the form digest:user:password"
        case .badRoot(let text): "\(text.debugDescription) is no absolute path, and no format with one"
        }
    }
}

// MARK: Questions

extension ProviderDirectory {
    /// Whether the registry is known and ZooKeeper answers for all of it; if not, answers are the last that were right.
    ///
    /// ```swift
    /// if !directory.isCurrent { logger.warning("going by what was known last") }
    /// ```
    public var isCurrent: Bool { state.withLock { $0.registry != nil && $0.isConnected && $0.lost.isEmpty } }

    /// All providers of a service that are up, the oldest first, none twice; empty if there are none or the service is not known.
    ///
    /// Waits until the registry has been read once, and the service if there is one; empty, too, if the task is cancelled or `run` returns before that.
    public func providers(of service: String) async -> [DiscoveredProvider] {
        for await providers in updates(of: service) { return providers }
        return []
    }

    /// One provider of a service, drawn by priority and weight (RFC 2782); nil if there is none. Waits as `providers(of:)` does.
    public func provider(of service: String) async -> DiscoveredProvider? {
        var random = SystemRandomNumberGenerator()
        return await providers(of: service).chosen(using: &random)
    }

    /// The providers of a service now, as soon as they are known, and again each time they are others: whole sets, the newest only if the
    /// reader is slow. Ends when `run` returns.
    ///
    /// ```swift
    /// for await providers in directory.updates(of: "second") { pool.replace(with: providers) }
    /// ```
    public func updates(of service: String) -> AsyncStream<[DiscoveredProvider]> {
        let (stream, continuation) = AsyncStream.makeStream(of: [DiscoveredProvider].self, bufferingPolicy: .bufferingNewest(1))
        let number: Int? = state.withLock { state in
            let number = state.nextSubscriber
            state.nextSubscriber += 1
            state.subscribers[number] = Subscriber(service: ServiceName(service), continuation: continuation)
            give(number, &state)
            guard state.isOver else { return number }
            state.subscribers[number] = nil
            return nil
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.subscribers[number] = nil } }
        return stream
    }
}

// MARK: What the watcher reports

extension ProviderDirectory {
    private func take(_ update: RegistryUpdate) {
        state.withLock { state in
            switch update {
            case .complete(let registry):
                state.registry = registry
                state.lost = Set(registry.services.filter { $0.value.reach != .current }.keys)
            case .changed(let change):
                state.registry?.apply(change)
                for (name, service) in change.services {
                    if service?.reach ?? .current == .current { state.lost.remove(name) } else { state.lost.insert(name) }
                }
            case .connected: state.isConnected = true
            case .disconnected: state.isConnected = false
            case .unusable, .mended, .repaired: break
            }
            for (number, subscriber) in state.subscribers where update.concerns(subscriber.service) { give(number, &state) }
        }
    }

    /// Gives a subscriber the providers of its service, if they are others than it has.
    private func give(_ number: Int, _ state: inout State) {
        guard let registry = state.registry, let subscriber = state.subscribers[number],
            registry.services[subscriber.service]?.reach != .unknown
        else { return }
        let members = MergedService([registry.services[subscriber.service]].compactMap(\.self)).members
        let providers = members.filter { $0.provider.status == .up }.map(DiscoveredProvider.init)
        guard subscriber.given != providers else { return }
        state.subscribers[number]?.given = providers
        subscriber.continuation.yield(providers)
    }
}

extension RegistryUpdate {
    /// Whether a service may have other providers now.
    fileprivate func concerns(_ service: ServiceName) -> Bool {
        switch self {
        case .complete: true
        case .changed(let change): change.services[service] != nil
        case .unusable, .mended, .repaired, .connected, .disconnected: false
        }
    }
}
