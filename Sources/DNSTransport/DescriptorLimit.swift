import Glibc

/// How many files and sockets the process may have open at once. The C functions are `getrlimit` and `setrlimit`.
package enum DescriptorLimit {
    /// What everything but the server's own sockets needs: ZooKeeper, look-ups of hosts, standard streams, event loops.
    private static let reserve = 32

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

    /// How many connections there may be, at most `wanted`, beside so many sockets of the server; at least one.
    static func connections(_ wanted: Int, beside sockets: Int) -> Int {
        max(1, min(wanted, Int(clamping: current.rlim_cur) - sockets - reserve))
    }
}
