import DNSAuthority
import IPAddressing

/// A provider as `--present` and `--absent` name it: the target of an SRV record, or an address of that, and the port.
struct AwaitedProvider: Hashable {
    /// How the host is written.
    enum Host: Hashable {
        case name(DomainName)
        case address(IPAddress)
    }

    let host: Host
    let port: UInt16
    /// `host:port`, an IPv6 address in brackets.
    let text: String

    /// Reads `host:port`; nil for anything else.
    init?(_ text: String) {
        guard let place = CheckedPort(text[...], defaultPort: nil) else { return nil }
        if let address = IPAddress(place.host) {
            host = .address(address)
        } else {
            guard let name = DomainName(host: place.host) else { return nil }
            host = .name(name)
        }
        (port, self.text) = (place.port, place.text)
    }

    /// Whether an SRV record leads to it, given its target's addresses.
    func `is`(at location: NameServerResponse.Location, _ addresses: Set<IPAddress>) -> Bool {
        guard location.port == port else { return false }
        switch host {
        case .name(let name): return location.target == name
        case .address(let address): return addresses.contains(address)
        }
    }

    /// The type of the address by which the provider is known; nil for one that is known by its name.
    var addressType: RecordType? {
        switch host {
        case .name: nil
        case .address(.v4): .a
        case .address(.v6): .aaaa
        }
    }
}

/// What every server has to answer before `zoodns wait` ends.
struct AwaitedAnswer {
    /// The name whose SRV records are asked for.
    let service: DomainName
    /// The zone whose SOA is asked for.
    let origin: DomainName
    let present: [AwaitedProvider]
    let absent: [AwaitedProvider]
    /// The least serial.
    let serial: UInt32?

    /// Whether the service's records matter: with a serial alone they do not.
    var needsProviders: Bool { serial == nil || !present.isEmpty || !absent.isEmpty }

    /// What a server's serial lacks; nil for nothing.
    func lack(serial found: UInt32?) -> String? {
        guard let serial else { return nil }
        guard let found else { return "no SOA record of \(origin.text)" }
        // RFC 1982 §3.2.
        return found == serial || found &- serial < 1 << 31 ? nil : "the serial is \(found), before \(serial)"
    }

    /// What a server's answer for the service lacks, given the addresses of targets; nil for nothing.
    func lack(_ response: NameServerResponse, _ addresses: [DomainName: Set<IPAddress>]) -> String? {
        guard [0, Self.nameError].contains(response.code) else { return Self.text(ofCode: response.code) }
        // Over TCP too: whom it leaves out is not known.
        guard !response.isTruncated else { return "the answer is too long" }
        func has(_ provider: AwaitedProvider) -> Bool {
            response.locations.contains { provider.is(at: $0, addresses[$0.target] ?? []) }
        }
        let faults =
            present.filter { !has($0) }.map { "\($0.text) is missing" } + absent.filter(has).map { "\($0.text) is still there" }
            + (present.isEmpty && absent.isEmpty && response.locations.isEmpty ? ["no provider is there"] : [])
        guard !faults.isEmpty else { return nil }
        if response.code == Self.nameError { return "\(service.text) does not exist" }
        return faults.joined(separator: ", ") + "; there: " + Self.text(response.locations, addresses)
    }

    /// NXDOMAIN.
    private static let nameError = 3
    /// Providers that are shown.
    private static let mostShown = 10

    /// An RCODE, by its mnemonic if it is a frequent one (RFC 1035 §4.1.1).
    private static func text(ofCode code: Int) -> String {
        [1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED", 9: "NOTAUTH"][code] ?? "RCODE \(code)"
    }

    private static func text(_ locations: [NameServerResponse.Location], _ addresses: [DomainName: Set<IPAddress>]) -> String {
        guard !locations.isEmpty else { return "none" }
        let shown = locations.prefix(mostShown).map { location in
            let address = addresses[location.target]?.map { SocketEndpoint(address: $0, port: location.port).text }.min()
            return address ?? "\(location.target.text.dropLast()):\(location.port)"
        }
        let rest = locations.count - shown.count
        return shown.joined(separator: " ") + (rest > 0 ? " and \(rest) more" : "")
    }
}
