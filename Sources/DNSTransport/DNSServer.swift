import DNSAuthority
import Glibc
import Handoff
import IPAddressing
import QueryTap
import Synchronization

/// What takes queries that other servers answer, from any thread, and never waits.
package typealias QueryForwarder = @Sendable ([DeferredQuery]) -> Void

/// The machine has no thread for a worker.
package struct WorkerError: Error {
    /// What is wrong and how to mend it, in one line.
    package let text = "no thread for a worker: raise the limit on tasks, or choose fewer with --workers"
}

/// Answers queries over UDP and TCP at some addresses from the zones that were published last.
package final class DNSServer: Sendable {
    /// An address where the server listens.
    private struct Place {
        /// As it was asked for, with port 0 for any.
        let wanted: SocketEndpoint
        /// With the port that it got.
        let endpoint: SocketEndpoint
        let workers: [UDPWorker]
    }

    private enum Event: Sendable {
        case listen([SocketEndpoint], CheckedContinuation<Result<Void, ListenError>, Never>)
        case failed(WorkerError)
    }

    private struct State {
        /// In the order that was asked for.
        var places: [Place] = []
        /// Those workers that have begun, each until its last query.
        var running: [ObjectIdentifier: Task<Void, Never>] = [:]
        /// What all workers have counted since the start.
        var tallies: [Tally] = []
        /// The tallies of workers that have ended, in which new ones go on.
        var freeTallies: [Tally] = []
        var hasEnded = false
    }

    private let slot: ZoneSlot
    private let numbers = ZoneNumbers()
    private let rates = RateTable()
    private let tcpCounters: TCPCounters
    private let listener: TCPListener
    /// UDP workers at each address.
    private let workers: Int
    private let udpLimit: Int
    private let tap: QueryTap?
    private let forward: QueryForwarder?
    private let inherited: InheritedSockets
    private let state = Mutex(State())
    private let mailbox = Mailbox<Event>()

    /// TCP connections at once, where the machine lets us have so many (RFC 7766 §6.2.2).
    private static let mostConnections = 1024
    /// How long clients have to take their last responses.
    private static let drainLimit: Duration = .seconds(3)
    /// How often to look whether threads have gone round.
    private static let look: Duration = .milliseconds(20)
    /// How often to try for a port that is free for both UDP and TCP.
    private static let portAttempts = 16

    /// Takes the addresses, each with so many UDP workers; port 0 takes any that is free. From here queries queue up, `run` answers them.
    /// `udpLimit`: most octets of a response over UDP. `tap`: where queries are recorded, `forward`: what takes those that other servers answer;
    /// nil for nowhere. `inherited`: sockets that are used at their addresses in the place of new ones. `longestTransfer`: how long a response
    /// of several messages may take; nil for 15 minutes.
    package init(
        listen: [SocketEndpoint], workers: Int, udpLimit: Int, zones: ServedZones, policy: QueryPolicy = QueryPolicy(),
        tap: QueryTap? = nil, forward: QueryForwarder? = nil, inherited: InheritedSockets = InheritedSockets(),
        longestTransfer: Duration? = nil
    ) async throws(ListenError) {
        slot = ZoneSlot(zones, policy)
        (self.workers, self.udpLimit, self.tap, self.forward, self.inherited) = (workers, udpLimit, tap, forward, inherited)
        tcpCounters = TCPCounters(numbers)
        let mostConnections = DescriptorLimit.connections(Self.mostConnections, beside: DescriptorLimit.sockets(listen.count, workers))
        listener = TCPListener(
            slot, tcpCounters, mostConnections: mostConnections, ring: tap?.makeRing(), forward: forward, longestTransfer: longestTransfer)
        do {
            let places = try await open(listen, beside: [])
            state.withLock { $0.places = places }
        } catch {
            await listener.end(within: .zero)
            throw error
        }
    }

    /// Where it listens, with the ports that it got, in the order that was asked for.
    package var endpoints: [SocketEndpoint] { state.withLock { $0.places.map(\.endpoint) } }

    /// Those of the addresses where it listens that the machine does not have yet: no socket can be bound to them at any port.
    package var missing: [SocketEndpoint] {
        endpoints.filter { endpoint in
            let anyPort = SocketEndpoint(address: endpoint.address, port: 0, scope: endpoint.scope)
            do throws(ListenError) { try PortProbe.check(anyPort, isStream: false, mustExist: true) } catch {
                return error.code == EADDRNOTAVAIL
            }
            return false
        }
    }

    /// Whether the kernel queues fewer packets for a UDP socket than it was asked to.
    package var isShortOfBuffer: Bool { state.withLock { $0.places.contains { $0.workers.contains(where: \.isShortOfBuffer) } } }

    /// The zones that are answered from now: to keep one keeps all that later ones drop.
    package var zones: ServedZones { slot.zones }

    /// What has been counted of queries and responses.
    package var traffic: Traffic { Traffic(state.withLock { $0.tallies }, tcpCounters, numbers.all) }

    /// Has queries answered by this policy, from the next batch of queries on.
    package func serve(_ policy: QueryPolicy) { slot.serve(policy) }

    /// Has these zones answered from, from the next batch of queries on.
    package func publish(_ zones: ServedZones) { slot.publish(zones) }
}

// MARK: Where it listens

extension DNSServer {
    /// Listens at these addresses from now on: opens those that are new, then closes those that are gone, whose last queries are answered.
    /// Throws if a new one cannot be had: nothing has changed then. Waits for `run`; does nothing once that has ended.
    package func listen(at wanted: [SocketEndpoint]) async throws(ListenError) {
        let result: Result<Void, ListenError> = await withCheckedContinuation { continuation in
            state.withLock { state in
                if state.hasEnded { continuation.resume(returning: .success(())) } else { mailbox.post(.listen(wanted, continuation)) }
            }
        }
        try result.get()
    }

    private func change(to wanted: [SocketEndpoint]) async throws(ListenError) {
        let old = state.withLock { $0.places }
        let new = wanted.filter { wanted in !old.contains { $0.wanted == wanted } }
        if let first = new.first, !WorkerThread.canStart(new.count * workers) { throw ListenError(first, EAGAIN) }
        let opened = try await open(new, beside: old.map(\.endpoint))
        state.withLock { $0.places = wanted.compactMap { wanted in (old + opened).first { $0.wanted == wanted } } }
        begin(opened.flatMap(\.workers))
        await close(old.filter { !wanted.contains($0.wanted) })
    }

    /// Opens addresses; gives all back if one cannot be had.
    private func open(_ wanted: [SocketEndpoint], beside known: [SocketEndpoint]) async throws(ListenError) -> [Place] {
        var places: [Place] = []
        do {
            for wanted in wanted { places.append(try await take(wanted, beside: known)) }
        } catch {
            await close(places)
            // These workers never run.
            free(places.flatMap(\.workers).map(\.tally))
            throw error
        }
        return places
    }

    private func close(_ places: [Place]) async {
        if !places.isEmpty { await listener.takeLastArrivals() }
        for place in places {
            for worker in place.workers { worker.stop() }
            await listener.stopListening(at: place.endpoint)
        }
        // Until then their sockets have the port, which may be wanted again.
        let ending = state.withLock { state in places.flatMap(\.workers).compactMap { state.running[ObjectIdentifier($0)] } }
        for task in ending { await task.value }
    }

    /// Binds TCP, which says the port, then UDP at the same.
    private func take(_ wanted: SocketEndpoint, beside known: [SocketEndpoint]) async throws(ListenError) -> Place {
        if let sockets = inherited[wanted] {
            let endpoint = try await listener.listen(wanted, inherited: sockets.stream)
            do { return Place(wanted: wanted, endpoint: endpoint, workers: try bind(endpoint, inherited: sockets.datagrams)) } catch {
                await listener.stopListening(at: endpoint)
                throw error
            }
        }
        var attempt = 1
        // Where this server listens itself, at one address or at all of them, no other program does.
        let mayConflict = wanted.port != 0 && !known.contains { $0.overlaps(wanted) }
        while true {
            if mayConflict { try PortProbe.check(wanted, isStream: true) }
            let endpoint = try await listener.listen(wanted)
            do {
                if mayConflict || wanted.port == 0 { try PortProbe.check(endpoint, isStream: false) }
                return Place(wanted: wanted, endpoint: endpoint, workers: try bind(endpoint))
            } catch {
                await listener.stopListening(at: endpoint)
                guard wanted.port == 0, attempt < Self.portAttempts else { throw error }
                attempt += 1
            }
        }
    }

    /// One worker for each socket. Workers share inherited sockets where these are fewer, and there is one for each where these are more.
    private func bind(_ endpoint: SocketEndpoint, inherited: [Int32] = []) throws(ListenError) -> [UDPWorker] {
        var bound: [UDPWorker] = []
        for index in 0..<max(workers, inherited.count) {
            let socket: UDPSocket
            do throws(ListenError) {
                socket =
                    inherited.isEmpty
                    ? try UDPSocket(endpoint) : try UDPSocket(inherited: inherited[index % inherited.count], endpoint)
            } catch {
                free(bound.map(\.tally))
                throw error
            }
            let tally = tally(isIPv6: socket.isIPv6)
            let ring = tap?.makeRing()
            bound.append(UDPWorker(socket, slot, tally, numbers, limit: udpLimit, ring: ring, rates: rates, forward: forward))
        }
        return bound
    }

    /// Has new workers go on in the tallies of workers that do not run.
    private func free(_ tallies: [Tally]) { state.withLock { $0.freeTallies += tallies } }

    private func tally(isIPv6: Bool) -> Tally {
        state.withLock { state in
            if let index = state.freeTallies.firstIndex(where: { $0.isIPv6 == isIPv6 }) { return state.freeTallies.remove(at: index) }
            let tally = Tally(.udp, isIPv6: isIPv6)
            state.tallies.append(tally)
            return tally
        }
    }
}

// MARK: Running

extension DNSServer {
    /// Answers queries until the task is cancelled; then answers what has arrived and closes. Throws if a worker gets no thread: its
    /// share of the queries would go unanswered. Once only.
    package func run() async throws(WorkerError) {
        begin(state.withLock { $0.places.flatMap(\.workers) })
        var failure: WorkerError?
        while failure == nil, let events = await mailbox.next(before: nil) {
            for event in events { if let error = await take(event) { failure = error } }
        }
        let running = state.withLock { state in
            state.hasEnded = true
            for place in state.places { for worker in place.workers { worker.stop() } }
            return state.running
        }
        for case .listen(_, let continuation) in mailbox.take() { continuation.resume(returning: .success(())) }
        for worker in running.values { await worker.value }
        state.withLock { $0.places = [] }
        await listener.end(within: Self.drainLimit)
        if let failure { throw failure }
    }

    /// Returns once every thread for UDP has begun to answer; false if the task was cancelled before.
    package func begin() async -> Bool { await wait { _ in 0 } }

    /// Returns once every thread that answers has gone round its loop again, which takes about a second where no queries come; false if the task
    /// was cancelled before. A thread that hangs lets it wait without limit. No query is sent: one could be lost in a flood.
    package func goRound() async -> Bool {
        await listener.goRound()
        return await wait { $0.rounds }
    }

    /// Waits until every worker, those that end meanwhile excepted, has gone round more often than it had done by `seen`.
    private func wait(_ seen: (UDPWorker) -> UInt64) async -> Bool {
        let waited = state.withLock { $0.places.flatMap(\.workers) }.map { ($0, seen($0)) }
        while true {
            let current = Set(state.withLock { $0.places.flatMap(\.workers).map(ObjectIdentifier.init) })
            if waited.allSatisfy({ $0.rounds > $1 || !current.contains(ObjectIdentifier($0)) }) { return true }
            guard (try? await Task.sleep(for: Self.look)) != nil else { return false }
        }
    }

    private func take(_ event: Event) async -> WorkerError? {
        switch event {
        case .failed(let error): return error
        case .listen(let wanted, let continuation):
            do throws(ListenError) {
                try await change(to: wanted)
                continuation.resume(returning: .success(()))
            } catch {
                continuation.resume(returning: .failure(error))
            }
            return nil
        }
    }

    private func begin(_ workers: [UDPWorker]) {
        state.withLock { state in
            for worker in workers { state.running[ObjectIdentifier(worker)] = Task { await run(worker) } }
        }
    }

    private func run(_ worker: UDPWorker) async {
        if await !WorkerThread.run(worker.work) { mailbox.post(.failed(WorkerError())) }
        state.withLock { state in
            state.running[ObjectIdentifier(worker)] = nil
            state.freeTallies.append(worker.tally)
        }
    }
}

extension SocketEndpoint {
    /// Whether both are one port of one address, or of one family's addresses where one stands for all.
    fileprivate func overlaps(_ other: SocketEndpoint) -> Bool {
        port == other.port && address.isOfFamily(of: other.address)
            && (address == other.address || address.isUnspecified || other.address.isUnspecified)
    }
}
