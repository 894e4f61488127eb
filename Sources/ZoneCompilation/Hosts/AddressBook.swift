import DNSAuthority
import IPAddressing
import ProviderRegistry

/// The addresses of hosts: a literal's own, what the resolver has reported, and for in-zone hosts what the registry says.
struct AddressBook {
    /// What the resolver has reported, by host name in lower case without a final dot.
    private(set) var resolved: [String: HostAddresses] = [:]
    /// The addresses of in-zone hosts, worked out once until something that they depend on is forgotten.
    private var settled: [DomainName: HostAddresses] = [:]
    /// The settled names by the names that they lie right below.
    private var settledBelow: [DomainName: Set<DomainName>] = [:]

    /// The zones' content as far as in-zone hosts need it.
    protocol Names {
        /// What stands at a name, or nil if the name is in no served zone.
        func hosts(at name: DomainName) -> InZoneHosts?
    }

    /// All addresses of a host, a name's `HostAddresses.mostOfOneFamily` lowest. Hosts inside the zones that lead back to themselves add nothing.
    /// O(hosts that it leads to and that are not settled yet).
    mutating func addresses(of host: ProviderHost, in names: some Names) -> HostAddresses {
        switch look(at: host, host.domainName, in: names) {
        case .addresses(let addresses): addresses
        case .inside(let name, let hosts): settle(name, hosts, in: names)
        }
    }

    /// Takes in all that the resolver knows of a host: how long that is kept while its name servers fail is the resolver's business. False if
    /// it makes no difference.
    mutating func resolve(_ host: String, to new: HostAddresses) -> Bool {
        var sum = AddressSum()
        sum.add(new)
        let old = resolved.updateValue(sum.addresses, forKey: host) ?? HostAddresses()
        return sum.addresses != old
    }

    /// Forgets what the resolver has reported of a host.
    mutating func forget(host: String) { resolved[host] = nil }

    /// Has the names at and right below an owner worked out again when they are needed; false if none of them was settled.
    mutating func unsettle(_ owner: DomainName) -> Bool {
        guard !settled.isEmpty else { return false }
        let wasSettled = settled.removeValue(forKey: owner) != nil
        let below = settledBelow.removeValue(forKey: owner) ?? []
        for name in below { settled[name] = nil }
        return wasSettled || !below.isEmpty
    }

    /// Has names worked out again when they are needed, except those at and right below owners that wait to be compiled.
    mutating func unsettle(unless isWaiting: (DomainName) -> Bool) {
        settled = settled.filter { isWaiting($0.key) || $0.key.parent.map(isWaiting) ?? false }
        settledBelow = [:]
        for name in settled.keys { if let parent = name.parent { settledBelow[parent, default: []].insert(name) } }
    }

    /// Has all names inside the zones worked out again when they are needed.
    mutating func unsettleAll() { (settled, settledBelow) = ([:], [:]) }
}

/// What a name inside a served zone leads to.
enum InZoneHosts {
    /// These addresses.
    case addresses(HostAddresses)
    /// The hosts of these providers, none where there is no provider; `isHeld`: some of them may be out of date.
    case hosts([ProviderHost], isHeld: Bool)
}

extension AddressBook {
    /// A host at first sight.
    private enum Sight {
        case addresses(HostAddresses)
        /// A name inside the zones that is not settled.
        case inside(DomainName, InZoneHosts)
    }

    private func look(at host: ProviderHost, _ name: DomainName?, in names: some Names) -> Sight {
        guard case .name(let text) = host, let name else { return .addresses(host.literalAddresses ?? HostAddresses()) }
        if let addresses = settled[name] { return .addresses(addresses) }
        guard let hosts = names.hosts(at: name) else { return .addresses(resolved[text] ?? HostAddresses()) }
        return .inside(name, hosts)
    }

    /// Works out a name and all that it leads to: names that lead to each other have the same addresses (Tarjan's strongly connected
    /// components). Without recursion, as a registrant decides how long the chains are.
    private mutating func settle(_ start: DomainName, _ hosts: InZoneHosts, in names: some Names) -> HostAddresses {
        var walk = Walk()
        walk.enter(start, hosts)
        while !walk.isOver {
            guard let host = walk.nextHost() else {
                let (names, addresses) = walk.leave()
                for name in names { settle(name, to: addresses) }
                continue
            }
            let name = host.domainName
            if let name, walk.meetsAgain(name) { continue }
            switch look(at: host, name, in: names) {
            case .addresses(let addresses): walk.add(addresses)
            case .inside(let name, let hosts): walk.enter(name, hosts)
            }
        }
        return settled[start] ?? HostAddresses()
    }

    private mutating func settle(_ name: DomainName, to addresses: HostAddresses) {
        settled[name] = addresses
        if let parent = name.parent { settledBelow[parent, default: []].insert(name) }
    }
}

/// A way through names that lead to each other, depth first.
private struct Walk {
    /// A name on the way from the start to where the walk is.
    private struct Step {
        let place: Int
        /// The first place that the name leads back to.
        var earliest: Int
        let hosts: [ProviderHost]
        var next = 0
        var sum = AddressSum()
    }

    private var steps: [Step] = []
    /// The names that have been entered and are not settled, in that order, and the place of each.
    private var open: [DomainName] = []
    private var places: [DomainName: Int] = [:]

    mutating func enter(_ name: DomainName, _ leadsTo: InZoneHosts) {
        let place = open.count
        open.append(name)
        places[name] = place
        switch leadsTo {
        case .hosts(let hosts, let isHeld):
            steps.append(Step(place: place, earliest: place, hosts: hosts))
            if isHeld { steps[steps.count - 1].sum.isHeld = true }
        case .addresses(let addresses):
            steps.append(Step(place: place, earliest: place, hosts: []))
            add(addresses)
        }
    }

    var isOver: Bool { steps.isEmpty }

    /// The next host that the last name leads to; nil once there are no more.
    mutating func nextHost() -> ProviderHost? {
        let last = steps.count - 1
        guard steps[last].next < steps[last].hosts.count else { return nil }
        defer { steps[last].next += 1 }
        return steps[last].hosts[steps[last].next]
    }

    /// Whether a name is open: it adds nothing but a way back.
    mutating func meetsAgain(_ name: DomainName) -> Bool {
        guard let place = places[name] else { return false }
        steps[steps.count - 1].earliest = min(steps[steps.count - 1].earliest, place)
        return true
    }

    mutating func add(_ addresses: HostAddresses) { steps[steps.count - 1].sum.add(addresses) }

    /// Ends the last name; gives the names that are settled by that, none while it leads back to an earlier one.
    mutating func leave() -> (names: [DomainName], HostAddresses) {
        let step = steps.removeLast()
        if !steps.isEmpty {
            steps[steps.count - 1].sum.add(step.sum)
            steps[steps.count - 1].earliest = min(steps[steps.count - 1].earliest, step.earliest)
        }
        guard step.earliest == step.place else { return ([], HostAddresses()) }
        // A copy: a slice would have the rest of the way copied with each name that leaves it.
        let names = Array(open[step.place...])
        for name in names { places[name] = nil }
        open.removeSubrange(step.place...)
        return (names, step.sum.addresses)
    }
}

extension ProviderHost {
    /// The host's name; nil for an address.
    fileprivate var domainName: DomainName? { if case .name(let text) = self { DomainName(host: text) } else { nil } }

    /// The address of a host that is one; nil for a name.
    fileprivate var literalAddresses: HostAddresses? {
        switch self {
        case .ipv4(let address): HostAddresses(ipv4: .known([address]), ipv6: .known([]))
        case .ipv6(let address): HostAddresses(ipv4: .known([]), ipv6: .known([address]))
        case .name: nil
        }
    }
}
