import DNSTransport
import Handoff
import HostResolution
import IPAddressing
import Logging
import QueryForwarding
import Synchronization

/// The forwarder, with the servers that the settings name: those of resolv.conf are followed.
final class Forwarding: Sendable {
    private struct State {
        var targets: [ForwardingTarget]
        var system = SystemNameServers()
        /// What resolv.conf said last.
        var systemServers: [SocketEndpoint] = []
        /// The servers that are asked now; nil as long as there was no wish for any.
        var used: [SocketEndpoint]?
        var own: OwnService
    }

    let forwarder: Forwarder
    private let state: Mutex<State>
    private let logger: Logger

    /// How often resolv.conf is looked at.
    private static let pause = Duration.seconds(1)

    init(_ settings: ServeSettings) {
        logger = settings.common.registry.logger
        forwarder = Forwarder(limit: settings.forwarding.limit, mostQuestions: DescriptorLimit.forwardedQuestions, logger)
        let own = settings.common.own(listening: settings.common.listen)
        state = Mutex(State(targets: settings.forwarding.targets, own: own))
    }

    /// Forwards by other settings from now on, to servers that are not this one itself.
    func serve(_ settings: ServeSettings, _ own: OwnService) {
        state.withLock { state in
            state.targets = settings.forwarding.targets
            state.own = own
        }
        choose()
    }

    /// Forwards until the task is cancelled.
    func run() async throws(NoThread) {
        choose()
        let watching = Task {
            while true {
                try await Task.sleep(for: Self.pause)
                choose()
            }
        }
        defer { watching.cancel() }
        try await forwarder.run()
    }

    /// Has the servers asked that the settings and resolv.conf name.
    private func choose() {
        let (servers, leftOut) = state.withLock { state -> ([SocketEndpoint]?, [SocketEndpoint]) in
            guard state.used != nil || !state.targets.isEmpty else { return (nil, []) }
            if state.targets.contains(.system), let news = state.system.takeNews(logger) { state.systemServers = news }
            let named = state.targets.flatMap { target in
                switch target {
                case .server(let server): [server]
                case .system: state.systemServers
                }
            }
            let others = state.own.others(of: named)
            var seen: Set<SocketEndpoint> = []
            let servers = others.filter { seen.insert($0).inserted }
            guard servers != state.used else { return (nil, []) }
            state.used = servers
            // Within the lock, so that the last choice is the one that counts.
            forwarder.use(servers)
            // That resolv.conf names this server is usual where it is the only one.
            return (servers, named.filter { !others.contains($0) && state.targets.contains(.server($0)) })
        }
        guard let servers else { return }
        if !leftOut.isEmpty {
            logger.warning(
                "queries are not forwarded to this server itself",
                metadata: ["servers": "\(leftOut.map(\.text).joined(separator: " "))"])
        }
        logger.info(
            "queries for other names are forwarded", metadata: ["servers": "\(servers.map(\.text).joined(separator: " "))"])
    }
}
