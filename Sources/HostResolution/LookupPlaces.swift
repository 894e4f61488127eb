import DequeModule

/// How many look-ups may be under way.
struct LookupLimits {
    /// Most look-ups under way; the oldest without a place ends for a new one, as failed.
    let underWay: Int

    /// Most look-ups that are ever under way: each asks for two families, of which each has a socket, or two when it goes over to TCP.
    static let mostUnderWay = 256
    static let descriptorsEach = 4

    /// The look-ups that so many descriptors allow.
    init(descriptors: Int) { underWay = min(max(descriptors / Self.descriptorsEach, 4), Self.mostUnderWay) }

    /// Places for hosts that are new or were found last time: their questions together are fewer than the 150 beyond which name servers such as
    /// dnsmasq refuse more, unless look-ups that take long go on beside them.
    var prompt: Int { underWay / 4 }
    /// Places for hosts that failed last time while others wait.
    var failed: Int { max(underWay / 8, 1) }
    /// Places for hosts that failed last time while no others wait: after a name server's outage all hosts have failed.
    var failedAlone: Int { underWay / 2 }
}

/// Look-ups that share places.
enum LookupKind: CaseIterable {
    /// Look-ups of hosts that are new or were found last time.
    case prompt
    /// Look-ups of hosts that failed last time.
    case retry

    /// How long a look-up keeps its place from others: name servers that know a name answer sooner, those that have to ask others before the
    /// longer time is over.
    var patience: Duration {
        switch self {
        case .prompt: .milliseconds(100)
        case .retry: .seconds(2)
        }
    }
}

/// The places of one kind of look-up.
struct LookupPlaces {
    var taken = 0
    /// The look-ups that hold the places, the oldest first.
    var entries: Deque<ScheduleEntry> = []
}

/// A host's place in a line, in the calendar, or among the look-ups under way.
struct ScheduleEntry {
    let host: String
    /// Whether the place still counts: its ticket is the host's.
    let ticket: UInt64
    /// When the host's look-up began.
    var begun: ContinuousClock.Instant?
}
