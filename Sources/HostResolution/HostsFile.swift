import IPAddressing

/// What hosts(5) says.
struct HostsFile {
    private var addresses: [String: Set<IPAddress>] = [:]

    /// Most octets that are read of the file: some ten thousand names.
    static let mostOctets = 4 << 20

    /// Reads the text; lines that begin with no address say nothing.
    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
            guard let first = words.first, let address = IPAddress(String(first)) else { continue }
            for name in words.dropFirst() { addresses[name.lowercased(), default: []].insert(address) }
        }
    }

    /// The addresses of a host of both families; nil for one that does not stand there.
    ///
    /// `takesLoopback` is false where others are answered who have a loopback interface of their own: Debian gives the machine's own name
    /// the address 127.0.1.1.
    func addresses(of host: String, takesLoopback: Bool) -> Set<IPAddress>? {
        guard let found = addresses[host] else { return nil }
        let usable = found.filter { $0.isHostAddress && (takesLoopback || !$0.isLoopback) }
        return usable.isEmpty ? nil : usable
    }
}

extension IPAddress {
    /// Whether a packet can be sent to it as to one machine (RFC 6890).
    var isHostAddress: Bool { isUnicast && !isUnspecified }

    /// Whether it is the machine's own without an interface to others (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
    var isLoopback: Bool {
        switch self {
        case .v4(let address): address.value >> 24 == 127
        case .v6(let address): address.value == 1
        }
    }
}
