import Handoff
import Logging
import ProviderRegistry
import ServiceLifecycle
import ZooKeeperClient

/// Keeps providers registered in ZooKeeper while `run` runs: one ephemeral znode each, made again whenever it is lost.
///
/// ```swift
/// let registrar = try Registrar([ProviderAnnouncement(service: "first", port: 9001)], zooKeeper: "zk1:2181,zk2:2181,zk3:2181")
/// let group = ServiceGroup(services: [server, registrar], gracefulShutdownSignals: [.sigterm], logger: logger)
/// try await group.run()
/// ```
///
/// A service group ends its services from the last to the first: put the registrar behind the server, so that it is withdrawn before the
/// server stops. To be registered only once the server listens, `withdraw` before `run`, and `announce` then.
public final class Registrar: ServiceLifecycle.Service {
    /// What happens to the providers, for one reader; the newest thousand events wait for it.
    ///
    /// ```swift
    /// for await case .registered(let path) in registrar.events { print("registered as \(path)") }
    /// ```
    public let events: AsyncStream<RegistrationEvent>

    private let settings: Settings
    private let logger: Logger
    private let client: Client
    private let tree: WholeTree
    private let announcements: [ProviderAnnouncement]
    private let mailbox = Mailbox<Input>()
    private let continuation: AsyncStream<RegistrationEvent>.Continuation

    private struct Settings {
        let layout: RegistryLayout
        let access: ZnodeAccess
        let drain: Duration
        let connectTimeout: Duration?
    }

    private enum Input: Sendable {
        case session(SessionEvent)
        case answer(RegistrationState.Answer, to: RegistrationState.Request, provider: Int)
        case want(Bool)
        case stoppedServing
        case end
    }

    /// A registrar of some providers.
    ///
    /// - Parameters:
    ///   - zooKeeper: The servers, with a chroot if need be: `h1:2181,h2:2181/chroot`. One that is missing is made.
    ///   - authentication: Who to be for ZooKeeper's access control lists, `digest:user:password`; nil for an anonymous client. Without it anyone
    ///     may change the znodes, and those above them that had to be made; with it only this user.
    ///   - readers: Who may read them; other than `.world` only with an authentication.
    ///   - root: The path whose children are the services, or `curator:PATH` where the providers are of that format.
    ///   - sessionTimeout: What ZooKeeper is asked for: how long a provider that died without a word stays.
    ///   - connectTimeout: How long `run` waits for ZooKeeper at first before it throws; nil: without limit.
    ///   - drain: How long a graceful shutdown waits after the withdrawal of what was registered, so that no client is still sent here: the
    ///     TTL of the answers.
    public init(
        _ providers: [ProviderAnnouncement], zooKeeper: String, authentication: String? = nil, readers: RegistrationReaders = .world,
        root: String = RegistryLayout.usualRoot, sessionTimeout: Duration = .usualSessionTimeout,
        connectTimeout: Duration? = nil, drain: Duration = .usualDrain, logger: Logger = Logger(label: "registrar")
    ) throws(RegistrarError) {
        guard let servers = ConnectString(zooKeeper) else { throw .badServers(zooKeeper) }
        let credentials = authentication.flatMap(Credentials.init)
        guard authentication == nil || credentials != nil else { throw .badAuthentication }
        guard credentials != nil || readers == .world else { throw .anonymousReader }
        guard let layout = try? RegistryLayout(text: root) else { throw .badRoot(root) }
        for provider in providers {
            guard provider.format.registryFormat == layout.format, layout.has(provider) else { throw .misplaced(provider, root: root) }
        }
        var paths: Set<[String]> = []
        for provider in providers where !paths.insert([provider.service, provider.instance]).inserted { throw .registeredTwice(provider) }
        let access: ZnodeAccess = credentials == nil ? .open : readers == .world ? .readable : .creatorOnly
        settings = Settings(layout: layout, access: access, drain: drain, connectTimeout: connectTimeout)
        announcements = providers
        self.logger = logger
        client = Client(servers: servers, timeout: sessionTimeout, credentials: credentials, logger: logger)
        tree = WholeTree(servers, timeout: sessionTimeout, credentials: credentials)
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1000))
        client.observe { [mailbox] in mailbox.post(.session($0)) }
    }

    /// Takes the providers back until `announce` is called: a check that failed, say.
    ///
    /// ```swift
    /// if await database.isUp { registrar.announce() } else { registrar.withdraw() }
    /// ```
    public func withdraw() { mailbox.post(.want(false)) }

    /// Registers providers again that were withdrawn.
    public func announce() { mailbox.post(.want(true)) }

    /// Reports that nothing serves any more: the end needs no drain. From any thread.
    package func stoppedServing() { mailbox.post(.stoppedServing) }

    /// Keeps the providers registered until the task is cancelled, when they go at once, or shut down gracefully: then they are withdrawn,
    /// the drain is waited for, and `run` returns. Throws only if ZooKeeper did not answer within `connectTimeout`.
    public func run() async throws {
        defer { continuation.finish() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.client.run() }
            defer { group.cancelAll() }
            try await withGracefulShutdownHandler {
                try await keep()
            } onGracefulShutdown: {
                self.mailbox.post(.end)
            }
        }
    }
}

/// Who may read what a registrar writes.
///
/// ```swift
/// let registrar = try Registrar([provider], zooKeeper: servers, authentication: "digest:web:\(password)", readers: .creator)
/// ```
public enum RegistrationReaders: String, Hashable, Sendable {
    /// Every client of ZooKeeper.
    case world
    /// Clients with the same authentication.
    case creator
}

/// Why a registrar cannot do its work.
///
/// ```swift
/// do { try await registrar.run() } catch RegistrarError.noConnection { print("is ZooKeeper there?") }
/// ```
public enum RegistrarError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text is no list of servers.
    case badServers(String)
    /// The authentication is not of the form `digest:user:password`.
    case badAuthentication
    /// Without an authentication no reader can be kept out.
    case anonymousReader
    /// The text is no absolute path.
    case badRoot(String)
    /// The registry has other levels than the name of the provider's service, or holds documents of another format.
    case misplaced(ProviderAnnouncement, root: String)
    /// Two providers would have the same znode.
    case registeredTwice(ProviderAnnouncement)
    /// ZooKeeper gave no answer in time.
    case noConnection
    /// ZooKeeper refused the authentication, or wanted another than digest, for as long as was to be waited.
    case credentialsRefused

    /// A sentence for people.
    public var description: String {
        switch self {
        case .badServers(let text): "\(text.debugDescription) is no list of servers such as h1:2181,h2:2181/chroot"
        case .badAuthentication: "the authentication is not of the form digest:user:password"
        case .anonymousReader: "without an authentication anyone may read"
        case .badRoot(let text): "\(text.debugDescription) is no absolute path, and no format with one"
        case .misplaced(let provider, let root):
            "\(provider.service.debugDescription) in documents of the format \(provider.format.rawValue) has no place in \(root.debugDescription)"
        case .registeredTwice(let provider):
            "\(provider.instance.debugDescription) is registered twice in \(provider.service.debugDescription)"
        case .noConnection: "no connection to zookeeper"
        case .credentialsRefused: "zookeeper refuses the credentials"
        }
    }
}

extension Registrar {
    /// How long a withdrawal at the end is waited for before the drain begins: without ZooKeeper it cannot be had.
    private static let longestWithdrawal: Duration = .seconds(2)

    private func keep() async throws(RegistrarError) {
        var providers = announcements.map { announcement in
            RegistrationState(
                path: settings.layout.path(of: InstanceName(announcement.instance), in: ServiceName(announcement.service)),
                document: Array(announcement.document.utf8))
        }
        var patience = settings.connectTimeout.map { ContinuousClock.now + $0 }
        var end: ContinuousClock.Instant?
        var drain: Duration = .zero
        var isServing = true
        var leave: ContinuousClock.Instant?
        while let inputs = await mailbox.next(
            before: ([patience, leave == nil ? end : nil, leave] + providers.map(\.deadline)).compactMap(\.self).min())
        {
            for input in inputs {
                switch input {
                case .session(let event):
                    for index in providers.indices { providers[index].take(event) }
                    if case .disconnected = event, client.obstacle == .credentialsRefused {
                        for index in providers.indices { providers[index].takeRefusal("the credentials") }
                    }
                case .answer(let answer, let request, let index):
                    // A server may take connections and do no more.
                    if !answer.isPassing { patience = nil }
                    providers[index].take(answer, to: request, at: .now)
                case .want(let isWanted): if end == nil { for index in providers.indices { providers[index].want(isWanted) } }
                case .stoppedServing: isServing = false
                case .end:
                    end = .now + Self.longestWithdrawal
                    if isServing, providers.contains(where: \.isAnnounced) { drain = settings.drain }
                    for index in providers.indices { providers[index].want(false) }
                }
            }
            for index in providers.indices { advance(&providers[index], index) }
            if let patience, patience <= .now { throw client.obstacle == .credentialsRefused ? .credentialsRefused : .noConnection }
            if leave == nil, let end, end <= .now || providers.allSatisfy(\.isWithdrawn) { leave = .now + drain }
            if let leave, leave <= .now { return }
        }
    }

    private func advance(_ provider: inout RegistrationState, _ index: Int) {
        for event in provider.takeEvents() {
            logger.log(level: event.level, "\(event.sentence)", metadata: ["path": "\(provider.path)"])
            continuation.yield(event)
        }
        guard let request = provider.takeRequest(at: .now) else { return }
        let answer: @Sendable (RegistrationState.Answer) -> Void = { [mailbox] in
            mailbox.post(.answer($0, to: request, provider: index))
        }
        let changed: @Sendable (Result<Void, ZooKeeperError>) -> Void = {
            switch $0 {
            case .success: answer(.done)
            case .failure(let error): answer(.failed(error))
            }
        }
        switch request {
        case .look: look(provider.path, answer)
        case .create: client.create(provider.path, provider.document, .ephemeral, settings.access, changed)
        case .createParent(let place): client.create(provider.parents[place], [], .persistent, settings.access, changed)
        case .createChroot: Task { [tree, access = settings.access] in changed(await tree.makeChroot(access)) }
        case .set(let version): client.set(provider.path, to: provider.document, version: version, changed)
        case .mark(let version): client.set(provider.path, to: provider.markedDocument ?? provider.document, version: version, changed)
        case .delete(let version): client.delete(provider.path, version: version, changed)
        }
    }

    private func look(_ path: String, _ answer: @escaping @Sendable (RegistrationState.Answer) -> Void) {
        client.read(path, limit: ProviderDocument.longest + 1, watch: true) {
            switch $0 {
            case .success(let content): answer(.found(content))
            case .failure(.noNode): answer(.found(nil))
            case .failure(let error): answer(.failed(error))
            }
        }
    }
}

extension RegistryLayout {
    /// Whether a provider's znode would be read as that.
    package func has(_ provider: ProviderAnnouncement) -> Bool {
        let (service, instance) = (ServiceName(provider.service), InstanceName(provider.instance))
        return place(of: path(of: instance, in: service)) == .provider(service, instance: instance)
    }
}

extension Duration {
    /// How long a provider goes on serving after its withdrawal unless another time is set: as long as answers live by default.
    @usableFromInline package static let usualDrain: Duration = .seconds(5)
}
