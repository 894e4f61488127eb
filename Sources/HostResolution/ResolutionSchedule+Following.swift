import DNSAuthority
import IPAddressing

// Which hosts are looked up at all, and in whose turn.

extension ResolutionSchedule {
    /// Drops hosts and all that is known of them, then adds others, each in the turn of a service; those of both are new ones, and those that
    /// are followed already change turns. Look-ups of dropped hosts are cancelled.
    mutating func follow(adding added: [String: DomainName], dropping dropped: Set<String>, at now: ContinuousClock.Instant) -> Orders {
        var orders = Orders(cancelled: Array(dropped.filter { drop($0, at: now) }))
        for (host, service) in added {
            // The last word on it, whatever is still on its way from when it was followed before.
            if states[host]?.isFollowed != true { orders.changed[host] = HostAddresses() }
            add(host, service)
        }
        forgetOutdated()
        return orders
    }

    /// Whether there was a look-up under way. That a host failed is remembered until its pause is over, so that one which comes and goes
    /// is no new one each time.
    private mutating func drop(_ host: String, at now: ContinuousClock.Instant) -> Bool {
        guard let stage = states[host]?.stage else { return false }
        if stage == .slow || stage == .placed(.retry) { _ = end(host, at: now) }
        guard let state = states[host] else { return false }
        leavePlace(state.stage)
        if state.isLost {
            states[host]?.forgetAddresses()
            states[host]?.isFollowed = false
        } else {
            outdated += 1
            states[host] = nil
        }
        return stage.isUnderWay
    }

    private mutating func add(_ host: String, _ service: DomainName) {
        guard let old = states[host] else {
            states[host] = HostState(service: service)
            return enter(.new, host)
        }
        states[host]?.service = service
        states[host]?.isFollowed = true
        switch old.stage {
        case .waiting(let line) where old.service != service: enterAgain(line, host)
        case .resting where !old.isFollowed: enterAgain(.failed, host)
        default: break
        }
    }

    /// Has those of some hosts that are followed be looked up at once, as what is known of them may be out of date. Look-ups of them that are
    /// under way are cancelled.
    mutating func lookUpAgain(_ hosts: Set<String>) -> [String] {
        var cancelled: [String] = []
        for host in hosts {
            guard let state = states[host], state.isFollowed else { continue }
            // Those that failed may not wait for others that do: they may be known now without a name server.
            if case .waiting(let line) = state.stage, line != .failed { continue }
            leavePlace(state.stage)
            enterAgain(.due, host)
            if state.stage.isUnderWay { cancelled.append(host) }
        }
        forgetOutdated()
        return cancelled
    }

    /// Has hosts that failed be looked up at once: there are other name servers.
    mutating func retryFailed() {
        for (host, state) in states where state.isLost && state.stage == .resting && state.isFollowed { enterAgain(.failed, host) }
        forgetOutdated()
    }
}
