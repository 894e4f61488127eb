import ArgumentParser

/// Options of every command that reads a registry, as they were written.
struct CommonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("ZooKeeper servers, with a chroot if need be. (default: 127.0.0.1:2181)", valueName: "h1:2181,h2:2181/chroot"))
    var zookeeper: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("A zone to serve from a path; may be repeated. (default: svc.local=/providers)", valueName: "origin=path"))
    var zone: [String] = []

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Where to serve UDP and TCP, port 0 for any; may be repeated. (default: 127.0.0.1:5300 and [::1]:5300)",
            valueName: "address:port"))
    var listen: [String] = []

    @Option(help: ArgumentHelp("TTL of answers in seconds. (default: 5)", valueName: "seconds"))
    var ttl: String?

    @Option(help: ArgumentHelp("TTL of negative answers in seconds. (default: 1)", valueName: "seconds"))
    var negativeTtl: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("An address of ns.dns.<origin>; may be repeated. (default: the listen addresses)", valueName: "ip"))
    var nameserverAddress: [String] = []

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("A name server for the providers' host names; may be repeated. (default: the system's)", valueName: "ip[:port]"))
    var hostResolver: [String] = []

    @Option(help: ArgumentHelp("Session timeout to ask ZooKeeper for. (default: 10s)", valueName: "duration"))
    var sessionTimeout: String?

    @Option(
        help: ArgumentHelp("trace, debug, info, notice, warning, error or critical. (default: info; zone: warning)", valueName: "level"))
    var logLevel: String?
}
