import ArgumentParser

/// Options of `register` alone, as they were written.
struct RegisterOptions: ParsableArguments {
    @Argument(help: "The service; also from the environment, as SERVICE.")
    var service: String?

    @Option(help: ArgumentHelp("The port that it serves; also from PORT.", valueName: "number"))
    var port: String?

    @Option(help: ArgumentHelp("The host that it serves on; also from HOST. (default: this machine's full name)", valueName: "name or ip"))
    var host: String?

    @Option(help: ArgumentHelp("The name of its znode. (default: a new UUID)", valueName: "name"))
    var instance: String?

    @Option(
        help: ArgumentHelp("How often it is chosen in relation to others, 0 to 65535. (default: 1, and not written)", valueName: "number"))
    var weight: String?

    @Option(help: ArgumentHelp("The lowest is chosen first, 0 to 65535. (default: 0, and not written)", valueName: "number"))
    var priority: String?

    @Option(
        help: ArgumentHelp(
            "When it can serve: tcp or tcp://HOST:PORT (its port, or that one, takes a connection), http://HOST:PORT/PATH or https://… (answers "
                + "2xx or 3xx; the certificate is not looked at), exec:COMMAND (exits with 0) or none. (default: tcp)", valueName: "check"))
    var check: String?

    @Option(help: ArgumentHelp("Time between checks, and for one of them. (default: 2s)", valueName: "duration"))
    var checkInterval: String?

    @Option(help: ArgumentHelp("After how many failed checks it is withdrawn. (default: 3)", valueName: "number"))
    var checkFailures: String?

    @Option(
        help: ArgumentHelp(
            "How long to go on serving after the withdrawal: the TTL of the answers. (default: 5s, or half of --stop-timeout if that is less)",
            valueName: "duration"))
    var drain: String?

    @Option(
        help: ArgumentHelp(
            "The signal that the program is stopped by, which begins a stop too, such as QUIT, SIGQUIT, 3 or RTMIN+3. SIGTERM goes to all that "
                + "the program has started in its group, any other to the program alone. (default: TERM)", valueName: "signal"))
    var stopSignal: String?

    @Option(
        help: ArgumentHelp(
            "How long a stop may take in all, the drain included, before the program is killed. (default: 4s more than --drain)",
            valueName: "duration"))
    var stopTimeout: String?

    @Option(
        help: ArgumentHelp(
            "Whether the program goes on when this process is killed; else the program itself, though not what it has started, is killed too. (default: off)",
            valueName: "on|off"))
    var keepProgram: String?

    @Option(
        help: ArgumentHelp(
            "With --zookeeper-auth, who may read the znode and those made above it; only who registers may change them. (default: world)",
            valueName: "world|creator"))
    var readableBy: String?

    @Option(help: ArgumentHelp("How long to wait for ZooKeeper at first. (default: without limit)", valueName: "duration"))
    var connectTimeout: String?

    @Argument(parsing: .postTerminator, help: "A program to start, registered while it serves.")
    var command: [String] = []
}
