"""What happens when something breaks, what is answered then, and the drills that show it: what `--help` prints."""

PROMISES = [
    ("ZooKeeper is killed, stopped or read-only, or has lost its leader or its quorum",
     "the last answers; marked stale (RFC 8914) after the session timeout, SERVFAIL after --max-stale; changes are seen once it is back",
     "killed stopped read-only ensemble"),
    ("packets to ZooKeeper are lost without an error, or take long",
     "as for a ZooKeeper that is stopped", "packets-lost blackholed-server"),
    ("the path to ZooKeeper carries small packets only, so that long lists never come",
     "the services whose lists do not come are stale, then SERVFAIL, each for itself; all others are current", "large-packets-lost"),
    ("the root, or a service, may not be listed any more",
     "all services, or that one, are stale, then SERVFAIL; a service that was never listed is SERVFAIL, never empty", "forbidden"),
    ("ZooKeeper, or its name, does not exist at start",
     "SERVFAIL until the first complete read, never NXDOMAIN", "absent-at-start unresolvable-at-start"),
    ("zoodns starts again while ZooKeeper is away, with --state FILE",
     "after two seconds the last registry, marked stale, for --max-stale from when it was right; then each service as it has been read",
     "state"),
    ("the session ends", "the last answers, marked stale, until each service has been read again", "session-closed"),
    ("healthy providers lose their znodes after an outage, and return minutes later",
     "each is held for --hold-down from when it was missed, twice as long where its service has no other, marked stale, until it is back",
     "storm"),
    ("more than half of ten or more providers vanish within ten seconds",
     "they are held, with a warning, unless --mass-removal-guard is off or --hold-down is 0; a provider that `register` takes back goes at "
     "once, and so does a held one, except a service's last, whose host refuses its port, unless --probe-held is off", "mass-removal"),
    ("mass removals follow each other", "a provider of another service that vanishes is held for its own time and no longer", "batches"),
    ("ZooKeeper comes back empty, or as it was some time ago",
     "what is missing is held, from a new session on, which begins after half a minute", "wiped older-snapshot"),
    ("services, or all of them, are deleted and made again",
     "each state at once, unless too many providers vanish at once", "deleted-and-made-again"),
    ("a watch on a list is lost", "what it would have reported is seen within --reconcile, and logged", "lost-watch"),
    ("the registry is for one user only",
     "SERVFAIL, until ZOODNS_ZOOKEEPER_AUTH or --zookeeper-auth says who asks", "authentication"),
    ("the C client of ZooKeeper has a weak spot: two servers, no name server, an end in the midst of reading, odd addresses, more watches "
     "than fit into a packet", "as if it had none",
     "even-servers name-server-down ended-while-reading addresses thirty-thousand-services long-names"),
    ("the registry is large, or changes a thousand times a second",
     "no service by halves; changes are seen soon, and memory does not grow", "ten-thousand-services memory-flat hundred-thousand-providers"),
    ("a znode holds nonsense of any kind", "all others; that one is logged once for each version, within --log-rate", "bad-documents-churn"),
    ("servers that queries are forwarded to are silent, slow, lie, send queries back or go, and hostile clients ask for 100,000 outside names "
     "a minute", "names of the zones as ever; outside names by the servers that answer, SERVFAIL within five seconds where none does",
     "forward-upstreams"),
    ("a client that may create znodes makes them to hurt, at full speed",
     "99 of 100 changes of good services within two seconds; memory and log stay bounded (--minutes 60 for an hour of it)",
     "hostile-registrant"),
    ("clients send anything at all, millions of times",
     "good queries; no answer is longer than it may be, and memory stays", "malformed-some malformed-millions"),
    ("TCP clients read or write slowly or never, or break off", "good queries; descriptors and memory come back", "tcp-nuisances"),
    ("there are few descriptors, or too few", "clients that have waited longest give way; a line says how many it takes", "descriptors"),
    ("no process reads standard error", "everything; log lines are left out, and counted", "unread-log"),
    ("the clock jumps", "everything; only the log's times jump", "clock-jumps"),
    ("SIGTERM comes under full load", "what has arrived; exit 0 within five seconds", "stop-loaded"),
    ("the settings are read again under load (SIGHUP), fifty times, and some are bad",
     "everything; bad settings change nothing", "reloads"),
    ("other name servers have the zones by transfer, and these change a hundred times a second, are read slowly, or come from a zoodns that "
     "restarts, or from two", "by NSD, Knot, BIND and Unbound what zoodns answers, two seconds later; never what was before",
     "secondaries thousand-services-transferred hundred-thousand-transferred restarts-transferred two-servers-transferred slow-transfers"),
    ("a zone comes or goes at a reload, and other servers follow the catalog",
     "by BIND and Knot, that zone too, or no more, within seconds", "catalog-followed"),
    ("a service has thousands of providers",
     "all of them over TCP up to 65,535 octets; what does not fit is left out, with TC set", "five-thousand-providers"),
]


def text(width=110):
    """The promises, each with its drills in front."""
    import textwrap
    lines = []
    for happens, answered, names in PROMISES:
        lines += [f"  {names}"]
        lines += textwrap.wrap(f"{happens}: {answered}", width, initial_indent="      ", subsequent_indent="      ", break_on_hyphens=False)
    return "\n".join(lines)
