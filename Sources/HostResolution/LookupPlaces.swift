import DequeModule

/// How many look-ups may be under way.
struct LookupLimits {
    /// In all; the oldest that has given up its place ends for a new one, as failed.
    let underWay: Int

    /// Most that are ever under way: a look-up asks for two families, each of which has a socket, or two when it goes over to TCP.
    static let mostUnderWay = 256
    static let descriptorsEach = 4

    /// As many as so many descriptors allow.
    init(descriptors: Int) { underWay = min(max(descriptors / Self.descriptorsEach, 4), Self.mostUnderWay) }

    /// Places for hosts that are new or were found last time: their questions together are fewer than the 150 beyond which name servers such as
    /// dnsmasq refuse more, unless look-ups that take long go on beside them.
    var prompt: Int { underWay / 4 }
    /// Places for hosts that failed last time while others wait.
    var failed: Int { max(underWay / 8, 1) }
    /// The same while no others do: after a name server's outage all hosts are such.
    var failedAlone: Int { underWay / 2 }
}

/// Look-ups that share places.
enum LookupKind: CaseIterable {
    /// Of hosts that are new or were found last time.
    case prompt
    /// Of hosts that failed last time.
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
    /// The look-ups that hold them, the oldest first.
    var entries: Deque<ScheduleEntry> = []
}

/// A host's place in a line, in the calendar, or among the look-ups under way.
struct ScheduleEntry {
    let host: String
    /// Whether it still counts: it is the host's own ticket then.
    let ticket: UInt64
    /// When its look-up began.
    var begun: ContinuousClock.Instant?
}
