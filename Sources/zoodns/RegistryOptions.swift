import ArgumentParser

/// Options of every command that reads or changes a registry, as they were written.
struct RegistryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("ZooKeeper servers, with a chroot if need be. (default: 127.0.0.1:2181)", valueName: "h1:2181,h2:2181/chroot"))
    var zookeeper: String?

    @Option(
        help: ArgumentHelp(
            "Who to be for ZooKeeper's access control lists, or where that is written. (default: nobody in particular)",
            valueName: "digest:user:password|file:path"))
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
}
