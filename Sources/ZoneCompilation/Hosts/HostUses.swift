import DNSAuthority

/// Which services' addresses hang on which hosts.
struct HostUses {
    /// What one service's providers name as hosts.
    private struct Named {
        var external: Set<String> = []
        var inside: Set<ServiceReference> = []
    }

    private var named: [ServiceReference: Named] = [:]
    private var externalUsers: [String: Set<ServiceReference>] = [:]
    private var insideUsers: [ServiceReference: Set<ServiceReference>] = [:]
    /// Hosts outside the zones that no service names any more, until they are forgotten.
    private var unused: Set<String> = []
    /// Hosts outside the zones, those that are unused too, each with the service in whose turn it is looked up.
    private var turns: [String: ServiceReference] = [:]
    /// What is different since it was last taken.
    private var change = HostChange()

    /// Services of a host that are compared for its turn: whatever their number, a host costs no more.
    private static let mostCompared = 8

    /// Whether some service names a host outside the zones.
    func isUsed(_ host: String) -> Bool { externalUsers[host] != nil }

    /// The services that name a host outside the zones.
    func services(using host: String) -> Set<ServiceReference> { externalUsers[host] ?? [] }

    /// The services that name another service, or one of its instances, as a host.
    func services(inside service: ServiceReference) -> Set<ServiceReference> { insideUsers[service] ?? [] }

    /// What is named as a host inside a zone.
    func named(inZone origin: DomainName) -> [ServiceReference] { insideUsers.keys.filter { $0.origin == origin } }

    /// The services that name a host at or below an origin. O(hosts).
    func services(usingNamesIn origin: DomainName) -> Set<ServiceReference> {
        let inside = insideUsers.filter { $0.key.owner.isAtOrBelow(origin) }.values
        let external = externalUsers.filter { DomainName(host: $0.key)?.isAtOrBelow(origin) == true }.values
        return inside.reduce(into: external.reduce(into: []) { $0.formUnion($1) }) { $0.formUnion($1) }
    }

    /// Takes in what a service names now.
    mutating func set(_ service: ServiceReference, external: Set<String>, inside: Set<ServiceReference>) {
        // Most services name addresses only.
        if named.isEmpty, external.isEmpty, inside.isEmpty { return }
        let old = named[service] ?? Named()
        named[service] = external.isEmpty && inside.isEmpty ? nil : Named(external: external, inside: inside)
        if external != old.external { setExternal(service, from: old.external, to: external) }
        for other in old.inside.subtracting(inside) {
            insideUsers[other]?.remove(service)
            if insideUsers[other]?.isEmpty == true { insideUsers[other] = nil }
        }
        for other in inside.subtracting(old.inside) { insideUsers[other, default: []].insert(service) }
    }

    private mutating func setExternal(_ service: ServiceReference, from old: Set<String>, to new: Set<String>) {
        for host in old.subtracting(new) {
            externalUsers[host]?.remove(service)
            if externalUsers[host]?.isEmpty == true {
                externalUsers[host] = nil
                unused.insert(host)
            } else {
                chooseTurn(of: host)
            }
        }
        for host in new {
            externalUsers[host, default: []].insert(service)
            unused.remove(host)
            chooseTurn(of: host)
        }
    }

    /// A host is looked up in the turn of that one of its services which names the fewest hosts: one with thousands that names it, too,
    /// does not hold it up.
    private mutating func chooseTurn(of host: String) {
        guard let users = externalUsers[host] else { return }
        let current = turns[host].flatMap { users.contains($0) ? $0 : nil }
        let others = users.prefix(Self.mostCompared)
        guard let best = others.min(by: { hostCount($0) < hostCount($1) }) else { return }
        if let current, hostCount(current) <= hostCount(best) { return }
        turns[host] = best
        change.followed[host] = best.owner
    }

    private func hostCount(_ service: ServiceReference) -> Int { named[service]?.external.count ?? 0 }

    /// Forgets a service that is gone.
    mutating func forget(_ service: ServiceReference) { set(service, external: [], inside: []) }

    /// Takes away the hosts that no service names any more, and gives them.
    mutating func takeUnused() -> Set<String> {
        defer { unused = [] }
        for host in unused {
            turns[host] = nil
            change.followed[host] = nil
            change.dropped.insert(host)
        }
        return unused
    }

    /// What is different among the hosts since it was last taken.
    mutating func takeChange() -> HostChange {
        defer { change = HostChange() }
        return change
    }
}

/// What is different among the hosts that are to be looked up: lower case, no final dot.
package struct HostChange: Hashable, Sendable {
    /// Those that are not any more, before the others.
    package var dropped: Set<String> = []
    /// Those that are from now on, or in the turn of another service, each with that service.
    package var followed: [String: DomainName] = [:]

    package init(dropped: Set<String> = [], followed: [String: DomainName] = [:]) {
        self.dropped = dropped
        self.followed = followed
    }

    /// Whether nothing is different.
    package var isEmpty: Bool { dropped.isEmpty && followed.isEmpty }
}
