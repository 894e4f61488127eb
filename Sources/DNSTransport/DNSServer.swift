import DNSAuthority
import Glibc
import Handoff
import IPAddressing
import QueryTap

/// The machine has no thread for a worker.
package struct WorkerError: Error {
    /// What is wrong and how to mend it, in one line.
    package let text = "no thread for a worker: raise the limit on tasks, or choose fewer with --workers"
}

/// Answers queries over UDP and TCP at some addresses from the zones that were published last.
package final class DNSServer: Sendable {
    /// Where it listens, with the ports that it got, in the order that was asked for.
    package let endpoints: [SocketEndpoint]
    /// Those of them whose addresses the machine does not have yet.
    package let missing: [SocketEndpoint]

    private let slot: ZoneSlot
    private let numbers = ZoneNumbers()
    private let tcpCounters: TCPCounters
    private let workers: [UDPWorker]
    private let listener: TCPListener

    /// TCP connections at once, where the machine lets us have so many (RFC 7766 §6.2.2).
    private static let mostConnections = 1024
    /// How long clients have to take their last responses.
    private static let drainLimit: Duration = .seconds(3)
    /// How often to try for a port that is free for both UDP and TCP.
    private static let portAttempts = 16

    /// Takes the addresses, each with so many UDP workers; port 0 takes any that is free. From here queries queue up, `run` answers them.
    /// `udpLimit`: most octets of a response over UDP. `tap`: where queries are recorded; nil for nowhere.
    package init(
        listen: [SocketEndpoint], workers: Int, udpLimit: Int, zones: ServedZones, tap: QueryTap? = nil
    ) async throws(ListenError) {
        slot = ZoneSlot(zones)
        let mostConnections = DescriptorLimit.connections(Self.mostConnections, beside: DescriptorLimit.sockets(listen.count, workers))
        tcpCounters = TCPCounters(numbers)
        var listener = TCPListener(slot, tcpCounters, mostConnections: mostConnections, ring: tap?.makeRing())
        var sockets: [UDPSocket] = []
        var endpoints: [SocketEndpoint] = []
        var missing: [SocketEndpoint] = []
        do {
            for wanted in listen {
                let (endpoint, own) = try await Self.take(wanted, workers, &listener)
                endpoints.append(endpoint)
                if try Self.isMissing(endpoint) { missing.append(endpoint) }
                sockets += own
            }
        } catch {
            for socket in sockets { socket.close() }
            await listener.end(within: .zero)
            throw error
        }
        self.listener = listener
        self.endpoints = endpoints
        self.missing = missing
        self.workers = sockets.map { [slot, numbers] in UDPWorker($0, slot, numbers, limit: udpLimit, ring: tap?.makeRing()) }
    }

    /// Binds TCP, which tells the port, then UDP at the same.
    private static func take(
        _ wanted: SocketEndpoint, _ workers: Int, _ listener: inout TCPListener
    ) async throws(ListenError) -> (SocketEndpoint, [UDPSocket]) {
        var attempt = 1
        while true {
            let port = try await listener.listen(wanted)
            let endpoint = SocketEndpoint(address: wanted.address, port: port, scope: wanted.scope)
            do {
                return (endpoint, try bind(endpoint, workers))
            } catch {
                await listener.forgetLast()
                guard wanted.port == 0, attempt < portAttempts else { throw error }
                attempt += 1
            }
        }
    }

    /// Whether the machine does not have an address, or not for use yet: then no socket can be bound to it at any port.
    private static func isMissing(_ endpoint: SocketEndpoint) throws(ListenError) -> Bool {
        do {
            let anyPort = SocketEndpoint(address: endpoint.address, port: 0, scope: endpoint.scope)
            try UDPSocket(anyPort, isShared: false, mustExist: true).close()
            return false
        } catch {
            guard error.code == EADDRNOTAVAIL else { throw error }
            return true
        }
    }

    /// One socket for each worker. SO_REUSEPORT hides a port conflict, so a probe without it binds first.
    private static func bind(_ endpoint: SocketEndpoint, _ workers: Int) throws(ListenError) -> [UDPSocket] {
        try UDPSocket(endpoint, isShared: false).close()
        var sockets: [UDPSocket] = []
        do {
            for _ in 0..<workers { sockets.append(try UDPSocket(endpoint, isShared: true)) }
        } catch {
            for socket in sockets { socket.close() }
            throw error
        }
        return sockets
    }

    /// The zones that are answered from now: to keep one keeps all that later ones drop.
    package var zones: ServedZones { slot.zones }

    /// What has been counted of queries and responses.
    package var traffic: Traffic { Traffic(workers.map(\.tally), tcpCounters, numbers.all) }

    /// Has these zones answered from, from the next batch of queries on.
    package func publish(_ zones: ServedZones) { slot.publish(zones) }

    /// Answers queries until the task is cancelled; then answers what has arrived and closes. Throws if a worker gets no thread: its
    /// share of the queries would go unanswered.
    package func run() async throws(WorkerError) {
        let areComplete = await withTaskCancellationHandler {
            await withTaskGroup { group in
                for worker in workers { group.addTask { await WorkerThread.run(worker.work) } }
                var areComplete = true
                for await hasRun in group where !hasRun {
                    areComplete = false
                    stopWorkers()
                }
                return areComplete
            }
        } onCancel: {
            stopWorkers()
        }
        await listener.end(within: Self.drainLimit)
        if !areComplete { throw WorkerError() }
    }

    private func stopWorkers() { for worker in workers { worker.stop() } }
}
