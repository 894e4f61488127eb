import Glibc

/// The process may have too few files and sockets open at once.
package struct DescriptorError: Error {
    /// What is wrong and how to mend it, in one line.
    package let text: String
}

/// How many files and sockets the process may have open at once. The C functions are `getrlimit` and `setrlimit`.
package enum DescriptorLimit {
    /// What everything but the server's own sockets needs: ZooKeeper, the fewest look-ups of hosts, standard streams, signals, the state's file,
    /// event loops.
    private static let reserve = 40

    /// Sockets that look-ups of hosts have open at once: the fewest, and the most that they make use of.
    private static let lookupRange = 16...1024

    /// How many sockets look-ups of hosts may have open at once: no more than an eighth of all.
    package static var lookups: Int {
        min(max(Int(clamping: current.rlim_cur) / 8, lookupRange.lowerBound), lookupRange.upperBound)
    }

    /// How many questions other servers may be asked at once, each over up to three sockets.
    package static var forwardedQuestions: Int { max(Int(clamping: current.rlim_cur) / 8, lookupRange.lowerBound) }

    /// What the program needs for anything, with as many to spare.
    private static let least = 16

    private static var current: rlimit {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit
    }

    /// Takes all that the machine grants: by default that is often no more than 1024, too few beside as many connections.
    package static func raise() {
        var limit = current
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Throws if the limit is below what the runtime needs, which would end the program without a word.
    package static func checkLeast() throws(DescriptorError) {
        if current.rlim_cur < least { raise() }
        guard current.rlim_cur < least else { return }
        throw DescriptorError(text: "the limit of \(current.rlim_cur) open files is too low: raise it (ulimit -n, LimitNOFILE=)")
    }

    /// Throws if the limit is below what the server needs: SwiftNIO would trap, or ZooKeeper would never be reached.
    package static func check(addresses: Int, workers: Int) throws(DescriptorError) {
        let needed = sockets(addresses, workers) + reserve + 1
        guard current.rlim_cur < UInt64(needed) else { return }
        throw DescriptorError(
            text: "the limit of \(current.rlim_cur) open files is too low: \(needed) are needed; raise it (ulimit -n, LimitNOFILE=), "
                + "or choose fewer addresses with --listen, or fewer threads with --workers")
    }

    /// A server's own sockets: at each address one for each worker, and one that listens.
    static func sockets(_ addresses: Int, _ workers: Int) -> Int { addresses * (workers + 1) }

    /// How many connections there may be, at most `wanted`, beside so many sockets of the server; at least one.
    static func connections(_ wanted: Int, beside sockets: Int) -> Int {
        max(1, min(wanted, Int(clamping: current.rlim_cur) - sockets - reserve - (lookups - lookupRange.lowerBound)))
    }
}
