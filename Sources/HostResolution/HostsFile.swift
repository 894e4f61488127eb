import IPAddressing

/// What hosts(5) says, read as glibc reads it: addresses by name.
struct HostsFile {
    private var addresses: [String: [IPAddress]] = [:]
    /// How many names are left out since there are too many.
    private(set) var namesLeftOut = 0

    /// Most octets that are read of the file.
    static let mostOctets = 4 << 20
    /// Most names that are kept of it: so many take 20 MB at most.
    static let mostNames = 100_000
    /// Octets of the longest name that a host has (RFC 1035 §2.3.4), as text with a final dot, and of the longest address.
    private static let longestName = 254
    private static let longestAddress = 45

    /// Reads the octets; lines that begin with no address say nothing, nor do addresses that no packet can be sent to.
    init(_ octets: [UInt8] = []) {
        for line in octets.split(separator: UInt8(ascii: "\n")) {
            // For glibc the line is a C string.
            let words = line.prefix { $0 != UInt8(ascii: "#") && $0 != 0 }.split(whereSeparator: Self.isSpace)
            guard let first = words.first, first.count <= Self.longestAddress,
                let address = IPAddress(String(decoding: first, as: UTF8.self)),
                address.unmapped.isHost
            else { continue }
            for word in words.dropFirst() { add(word, address.unmapped) }
        }
    }

    private mutating func add(_ word: ArraySlice<UInt8>, _ address: IPAddress) {
        let name = word.last == UInt8(ascii: ".") ? word.dropLast() : word
        guard !name.isEmpty, name.count < Self.longestName, name.allSatisfy({ $0 < 0x80 }) else { return }
        let host = String(decoding: name, as: UTF8.self).lowercased()
        if addresses[host] == nil, addresses.count == Self.mostNames {
            namesLeftOut += 1
        } else {
            addresses[host, default: []].append(address)
        }
    }

    /// As `isspace` in the C locale.
    private static func isSpace(_ octet: UInt8) -> Bool { octet == UInt8(ascii: " ") || 9...13 ~= octet }

    /// The addresses of a host of both families; nil for one that does not stand there.
    ///
    /// `takesLoopback` is false where others are answered who have a loopback interface of their own: Debian gives the machine's own name
    /// the address 127.0.1.1.
    func addresses(of host: String, takesLoopback: Bool) -> Set<IPAddress>? {
        let usable = Set(addresses[host] ?? []).filter { takesLoopback || !$0.isLoopback }
        return usable.isEmpty ? nil : usable
    }

    /// The names of which another one says something else. O(names of both).
    func names(differingFrom other: HostsFile) -> Set<String> {
        var names = Set(addresses.filter { other.addresses[$0.key] != $0.value }.keys)
        for name in other.addresses.keys where addresses[name] == nil { names.insert(name) }
        return names
    }
}
