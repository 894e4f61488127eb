import ArgumentParser

/// Options of every command that reads or changes a registry, as they were written.
struct RegistryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("ZooKeeper servers, with a chroot if need be. (default: 127.0.0.1:2181)", valueName: "h1:2181,h2:2181/chroot"))
    var zookeeper: String?

    @Option(
        help: ArgumentHelp(
            "A file that says digest:user:password: who to be for ZooKeeper's access control lists; ZOODNS_ZOOKEEPER_AUTH may be that itself. "
                + "(default: anonymous)", valueName: "file:path"))
    var zookeeperAuth: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A zone and the path of its registry; for serve, zone and explain it may be repeated. (default: svc.local=/providers)",
            valueName: "origin=path"))
    var zone: [String] = []

    @Option(help: ArgumentHelp("Session timeout to ask ZooKeeper for. (default: 10s)", valueName: "duration"))
    var sessionTimeout: String?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. (default: info; zone and explain: warning; lookup: error)",
            valueName: "level"
        ))
    var logLevel: String?

    @Option(help: ArgumentHelp("text, or json: an object a line. (default: text)", valueName: "format"))
    var logFormat: String?

    @Option(
        help: ArgumentHelp(
            "Log lines of one kind in a second, 0 for any number; the others are counted. (default: 20)", valueName: "number"))
    var logRate: String?
}
