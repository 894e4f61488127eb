import ArgumentParser

/// Options of every command that compiles zones, as they were written.
struct CommonOptions: ParsableArguments {
    @OptionGroup var registry: RegistryOptions

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
        help: ArgumentHelp(
            "Most records of an answer, the same ones for all clients, 0 for all: BIND refuses more than 100. (default: 100)",
            valueName: "number"))
    var maxAnswers: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("An address of ns.dns.<origin>; may be repeated. (default: the listen addresses)", valueName: "ip"))
    var nameserverAddress: [String] = []

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("A name server for the providers' host names; may be repeated. (default: the system's)", valueName: "ip[:port]"))
    var hostResolver: [String] = []

    @Option(
        help: ArgumentHelp(
            "The file of host names that counts before name servers; none for none. (default: /etc/hosts)", valueName: "path|none"))
    var hostsFile: String?
}
