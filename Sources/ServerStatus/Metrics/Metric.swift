/// A metric of the admin endpoint: the only place where metrics' names stand.
///
/// Labels come from closed sets: there is no series for a service. What CoreDNS has too bears its name with another prefix, and its labels.
package struct Metric: Sendable {
    /// How Prometheus takes it.
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    let name: String
    let kind: Kind
    /// What it says, in one sentence.
    let help: String

    private init(_ name: String, _ kind: Kind, _ help: String) { (self.name, self.kind, self.help) = (name, kind, help) }
}

// MARK: Queries

extension Metric {
    static let requests = Metric(
        "zoodns_dns_requests_total", .counter, "Queries that were answered, by zone (dropped: no zone's), way of transport and type.")
    static let responses = Metric("zoodns_dns_responses_total", .counter, "Responses, by zone and RCODE.")
    static let duration = Metric(
        "zoodns_dns_request_duration_seconds", .histogram,
        "Time from the arrival of queries to the sending of their responses, of one query in 128.")
    static let requestSize = Metric("zoodns_dns_request_size_bytes", .histogram, "Sizes of queries.")
    static let responseSize = Metric("zoodns_dns_response_size_bytes", .histogram, "Sizes of responses.")
    static let truncated = Metric("zoodns_dns_responses_truncated_total", .counter, "Responses with TC.")
    static let dropped = Metric(
        "zoodns_dns_dropped_total", .counter, "Messages that were not answered: too short, responses, or beyond --rrl.")
    static let malformed = Metric("zoodns_dns_malformed_total", .counter, "Queries that were answered with FORMERR.")
    static let tcpOpen = Metric("zoodns_tcp_connections", .gauge, "TCP connections of DNS clients now.")
    static let tcpAccepted = Metric("zoodns_tcp_connections_accepted_total", .counter, "TCP connections of DNS clients.")
    static let tcpEvicted = Metric(
        "zoodns_tcp_connections_evicted_total", .counter, "TCP connections that were closed because there were too many.")
    static let rateLimitDropped = Metric(
        "zoodns_rrl_dropped_total", .counter, "Responses beyond the rate limit that were dropped, or would have been.")
    static let rateLimitSlipped = Metric(
        "zoodns_rrl_slipped_total", .counter, "Responses beyond the rate limit that were sent without records, or would have been.")
    static let cookies = Metric(
        "zoodns_cookies_total", .counter,
        "DNS cookies, by kind: without a server cookie (new), with a valid one, with another one (invalid).")
}

// MARK: Zones and ZooKeeper

extension Metric {
    static let propagation = Metric(
        "zoodns_propagation_seconds", .histogram,
        "Time from ZooKeeper's event to the publishing of all that changed with it, of changes that an event reported.")
    static let zoneStatus = Metric("zoodns_zone_status", .gauge, "1 for how far a zone's answers can be relied on now.")
    static let zoneAge = Metric(
        "zoodns_zone_age_seconds", .gauge, "How long ago what is served was right for sure; 0 while ZooKeeper answers.")
    static let zoneSerial = Metric("zoodns_zone_serial", .gauge, "The serial that is served.")
    static let zoneNames = Metric("zoodns_zone_names", .gauge, "Names in a zone.")
    static let zoneServices = Metric("zoodns_zone_services", .gauge, "Services in a zone.")
    static let zoneProviders = Metric("zoodns_zone_providers", .gauge, "Providers with znodes in a zone.")
    static let zoneHeld = Metric("zoodns_zone_held_providers", .gauge, "Providers in a zone that have vanished and are kept.")
    static let rejected = Metric("zoodns_rejected_znodes", .gauge, "Znodes that cannot be used, or only in part, by reason.")
    static let repairs = Metric("zoodns_watch_repairs_total", .counter, "Differences that were found without an event of ZooKeeper's.")
    static let sessionState = Metric("zoodns_zookeeper_session_state", .gauge, "1 for the state of the connection to ZooKeeper.")
    static let reconnects = Metric("zoodns_zookeeper_reconnects_total", .counter, "Connections after the first one of a session.")
    static let expiries = Metric(
        "zoodns_zookeeper_session_expiries_total", .counter, "Sessions that ended, and had another put in their place.")
}

// MARK: Forwarding

extension Metric {
    static let forwardRequests = Metric("zoodns_forward_requests_total", .counter, "Queries to other servers.")
    static let forwardResponses = Metric("zoodns_forward_responses_total", .counter, "Responses of other servers, by RCODE.")
    static let forwardDuration = Metric(
        "zoodns_forward_request_duration_seconds", .histogram, "Time until responses of other servers over UDP.")
    static let forwardFailures = Metric(
        "zoodns_forward_healthcheck_failures_total", .counter, "Queries that other servers did not answer in time.")
    static let forwardWaiting = Metric("zoodns_forward_waiting", .gauge, "Queries of clients that wait for other servers now.")
    static let forwardRefused = Metric(
        "zoodns_forward_refused_total", .counter, "Queries of clients that were not forwarded for lack of room.")
    static let forwardLoops = Metric("zoodns_forward_loops_total", .counter, "Queries that other servers sent back to this one.")
}

// MARK: The rest

extension Metric {
    /// What `TransferAnswerer.underWay` counts.
    package static let transfers = Metric("zoodns_transfers", .gauge, "Transfers of zones in several messages that are under way.")
    /// What `Notifier.sent` counts.
    package static let notifySent = Metric("zoodns_notify_sent_total", .counter, "Messages to other servers that a zone has changed.")
    /// What `Notifier.failures` counts.
    package static let notifyFailures = Metric(
        "zoodns_notify_failures_total", .counter, "Changes of zones that another server did not acknowledge, or with an error.")
    static let hostLookups = Metric("zoodns_host_lookups_total", .counter, "Look-ups of providers' host names that were begun.")
    static let hostFailures = Metric("zoodns_host_lookup_failures_total", .counter, "Look-ups of host names that failed, each family once.")
    static let logLeftOut = Metric("zoodns_log_lines_left_out_total", .counter, "Lines of the log that were left out.")
    /// What `QueryObserver.droppedLines` counts.
    package static let queryLogDropped = Metric(
        "zoodns_query_log_dropped_total", .counter, "Lines of the query log that were left out.")
    /// What `QueryObserver.droppedMessages` counts.
    package static let dnstapDropped = Metric("zoodns_dnstap_dropped_total", .counter, "Messages that no dnstap receiver got.")
    static let reload = Metric(
        "zoodns_config_last_reload_successful", .gauge, "Whether the settings were taken over when they were last read.")
    static let buildInfo = Metric("zoodns_build_info", .gauge, "1, with the program's version.")
    static let processorTime = Metric("process_cpu_seconds_total", .counter, "Processor time of user and system, in seconds.")
    static let openDescriptors = Metric("process_open_fds", .gauge, "Open file descriptors.")
    static let mostDescriptors = Metric("process_max_fds", .gauge, "Most open file descriptors.")
    static let virtualMemory = Metric("process_virtual_memory_bytes", .gauge, "Virtual memory, in bytes.")
    static let residentMemory = Metric("process_resident_memory_bytes", .gauge, "Resident memory, in bytes.")
    static let threads = Metric("process_threads", .gauge, "Threads.")
    static let startTime = Metric("process_start_time_seconds", .gauge, "When the process began, in seconds since 1970.")
}
