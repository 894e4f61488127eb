import Glibc

/// The name by which other machines know this one.
package enum MachineName {
    /// Its full name, else the name that it has itself; nil if both are names that every machine has for itself. May ask DNS. The C functions are
    /// `gethostname` and `getaddrinfo`.
    package static func find() -> String? {
        var buffer = [CChar](repeating: 0, count: Int(HOST_NAME_MAX) + 1)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return nil }
        let own = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return best(full: canonicalName(of: own), own: own)
    }

    /// The better of a machine's names: the full one, if that has a dot and is not for every machine.
    static func best(full: String?, own: String) -> String? {
        if let full, full.contains("."), !isForEveryMachine(full) { return full }
        return isForEveryMachine(own) ? nil : own
    }

    /// Whether a name stands for the machine that uses it (RFC 6761 §6.3, and distributions' hosts files).
    package static func isForEveryMachine(_ name: String) -> Bool {
        let labels = name.lowercased().split(separator: ".")
        guard let first = labels.first, let last = labels.last else { return true }
        return last == "localhost" || ["localhost", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback"].contains(first)
    }

    /// Why others may not find a machine by its name; nil if there is nothing to say. May ask DNS.
    package static func doubt(_ name: String) -> String? {
        if !name.contains(".") { return "this machine's name has no domain: others may not find it, give --host" }
        return canonicalName(of: name) == nil ? "this machine's name cannot be resolved: others may not find it, give --host" : nil
    }

    private static func canonicalName(of name: String) -> String? {
        var hints = addrinfo()
        hints.ai_flags = AI_CANONNAME
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return nil }
        defer { freeaddrinfo(list) }
        return (list?.pointee.ai_canonname).map { String(cString: $0) } ?? name
    }
}
