import DNSAuthority
import DequeModule

/// Hosts that wait for their look-ups. Services take turns: however many hosts one of them names, another's next one waits for as many as there
/// are services, not for all of them.
struct LookupLine {
    /// Each service's hosts in the order in which they came.
    private var entries: [DomainName: Deque<ScheduleEntry>] = [:]
    /// The services that have hosts here, each once, the next first.
    private var turns: Deque<DomainName> = []
    /// How many hosts there are, with entries that no longer count.
    private(set) var count = 0

    /// Whether no host waits.
    var isEmpty: Bool { count == 0 }

    /// Lets a host wait in a service's turn.
    mutating func append(_ entry: ScheduleEntry, of service: DomainName) {
        if entries[service] == nil { turns.append(service) }
        entries[service, default: []].append(entry)
        count += 1
    }

    /// Takes the host whose turn it is; nil if none waits.
    mutating func popFirst() -> ScheduleEntry? {
        guard let service = turns.popFirst(), let entry = entries[service]?.popFirst() else { return nil }
        count -= 1
        if entries[service]?.isEmpty == false { turns.append(service) } else { entries[service] = nil }
        return entry
    }

    /// Takes all entries away that fulfil a condition.
    mutating func removeAll(where isOutdated: (ScheduleEntry) -> Bool) {
        entries = entries.mapValues { $0.filter { !isOutdated($0) } }.filter { !$0.value.isEmpty }
        turns.removeAll { entries[$0] == nil }
        count = entries.values.reduce(0) { $0 + $1.count }
    }
}
