/// Collects what a document says of a provider beyond host and port, within bounds.
struct DetailsBuilder {
    /// Most named ports of a provider.
    static let mostPorts = 32
    /// Most ports of a provider with hosts of their own, each of which is looked up.
    static let mostPortHosts = 8
    /// Most octets of a port's name: with an underscore before them they are a label (RFC 6763 §7).
    static let longestPortName = 62
    /// Most attributes of a provider.
    static let mostAttributes = 64
    /// Most octets of an attribute with its key and `=` between them: a string of a TXT record (RFC 1035 §3.3).
    static let longestAttribute = 255
    /// Most octets of all attributes as a TXT record has them, each with its length before it: what an answer has room for.
    static let mostAttributeOctets = 8192
    /// Most octets of a zone's name.
    static let longestZone = 127
    /// Most protocols of a provider.
    static let mostProtocols = 8
    /// Most octets of all protocols as an SVCB record has them, each with its length before it (RFC 9460 §7.1.1).
    static let mostProtocolOctets = 128

    /// Whether the provider is to be used.
    var status = ProviderStatus.up
    /// The TTL that the registrant asks for, in seconds.
    private(set) var ttl: UInt32?
    private(set) var ports: [NamedPort] = []
    private(set) var attributes: [String: String] = [:]
    private var attributeOctets = 0
    private(set) var zone: String?
    private(set) var alpn: [String] = []
    /// What is wrong, by field, in the order of finding: the first text of each, and how many followed.
    private var faults: [(field: String, text: String, more: Int)] = []

    /// What has been collected; nil for nothing.
    var details: ProviderDetails? {
        guard status != .up || !ports.isEmpty || !attributes.isEmpty || zone != nil || !alpn.isEmpty || ttl != nil else { return nil }
        return ProviderDetails(status: status, ports: ports, attributes: attributes, zone: zone, alpn: alpn, ttl: ttl)
    }

    /// What is wrong: a text for each field.
    var problems: [String] { faults.map { $0.text + ($0.more > 0 ? " (and \($0.more) more)" : "") } }

    /// Notes what is wrong with a field, if anything is.
    mutating func complain(_ field: String, _ text: String?) {
        guard let text else { return }
        guard let place = faults.firstIndex(where: { $0.field == field }) else { return faults.append((field, text, 0)) }
        faults[place].more += 1
    }

    /// Adds a port; says why it is left out instead. Names are folded to lower case.
    @discardableResult mutating func add(port name: String, _ number: UInt16?, host: ProviderHost? = nil) -> String? {
        guard 1...Self.longestPortName ~= name.utf8.count, name.utf8.allSatisfy(\.isOfPlainName) else {
            return "\(Self.shown(name)) is no name of a port: up to 62 letters, digits, - and _"
        }
        guard let number, number > 0 else { return "port \(Self.shown(name)) is no integer from 1 to 65535" }
        let name = name.lowercased()
        guard !ports.contains(where: { $0.name == name }) else { return "port \(Self.shown(name)) is there twice" }
        guard ports.count < Self.mostPorts else { return "more than \(Self.mostPorts) ports" }
        guard host == nil || ports.count(where: { $0.host != nil }) < Self.mostPortHosts else {
            return "more than \(Self.mostPortHosts) ports with hosts of their own"
        }
        ports.append(NamedPort(name: name, port: number, host: host))
        return nil
    }

    /// Adds an attribute; says why it is left out instead.
    @discardableResult mutating func add(attribute key: String, _ value: String) -> String? {
        // RFC 6763 §6.4.
        guard !key.isEmpty, key.utf8.allSatisfy({ 32...126 ~= $0 && $0 != UInt8(ascii: "=") }) else {
            return "\(Self.shown(key)) is no key of an attribute: printable ASCII without ="
        }
        guard key.utf8.count + 1 + value.utf8.count <= Self.longestAttribute else {
            return "attribute \(Self.shown(key)) is longer than \(Self.longestAttribute) octets"
        }
        guard attributes.count < Self.mostAttributes || attributes[key] != nil else { return "more than \(Self.mostAttributes) attributes" }
        // The length and `=`.
        let octets = attributeOctets + value.utf8.count - (attributes[key]?.utf8.count ?? -key.utf8.count - 2)
        guard octets <= Self.mostAttributeOctets else { return "attributes of more than \(Self.mostAttributeOctets) octets together" }
        attributes[key] = value
        attributeOctets = octets
        return nil
    }

    /// Sets where the provider is; says why that is left out instead.
    @discardableResult mutating func set(zone text: String) -> String? {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longestZone, labels.allSatisfy({ 1...63 ~= $0.count && $0.allSatisfy { 33...126 ~= $0 } }) else {
            return "\(Self.shown(text)) is no name of a zone"
        }
        zone = text
        return nil
    }

    /// Adds a protocol; says why it is left out instead.
    @discardableResult mutating func add(protocol name: String) -> String? {
        guard 1...255 ~= name.utf8.count else { return "\(Self.shown(name)) is no protocol's name of 1 to 255 octets" }
        guard !alpn.contains(name) else { return nil }
        guard alpn.count < Self.mostProtocols else { return "more than \(Self.mostProtocols) protocols" }
        guard alpn.reduce(1 + name.utf8.count, { $0 + 1 + $1.utf8.count }) <= Self.mostProtocolOctets else {
            return "protocols of more than \(Self.mostProtocolOctets) octets together"
        }
        alpn.append(name)
        return nil
    }

    /// Sets the TTL, of 1 to 2³¹ - 1 seconds (RFC 2181 §8).
    mutating func set(ttl seconds: UInt32) { ttl = max(1, min(seconds, UInt32(Int32.max))) }

    /// A text from outside, short and plain.
    private static func shown(_ text: String) -> String { "\"" + ProviderDocument.excerpt(Array(text.utf8.prefix(65))) + "\"" }
}

// MARK: Fields as our own documents have them; null counts as none

extension DetailsBuilder {
    /// Reads `"status": "up" | "draining" | "down"`.
    mutating func read(status value: JSONValue?) {
        guard let value, value != .null else { return }
        guard let status = value.text.flatMap(ProviderStatus.init) else {
            return complain("status", "status is none of up, draining, down")
        }
        self.status = status
    }

    /// Reads `"ports": {NAME: PORT}`.
    mutating func read(ports value: JSONValue?) {
        guard let value, value != .null else { return }
        guard let members = value.object else { return complain("ports", "ports is no object") }
        for (name, port) in members.members { complain("ports", add(port: name, port.port)) }
    }

    /// Reads `"attributes": {KEY: TEXT}`.
    mutating func read(attributes value: JSONValue?) {
        guard let value, value != .null else { return }
        guard let members = value.object else { return complain("attributes", "attributes is no object") }
        for (key, value) in members.members {
            complain("attributes", value.text.map { add(attribute: key, $0) } ?? "attribute \(Self.shown(key)) is no text")
        }
    }

    /// Reads `"zone": TEXT`.
    mutating func read(zone value: JSONValue?) {
        guard let value, value != .null else { return }
        complain("zone", value.text.map { set(zone: $0) } ?? "zone is no text")
    }

    /// Reads `"alpn": [TEXT]`.
    mutating func read(alpn value: JSONValue?) {
        guard let value, value != .null else { return }
        guard let elements = value.elements else { return complain("alpn", "alpn is no array") }
        for element in elements { complain("alpn", element.text.map { add(protocol: $0) } ?? "a protocol is no text") }
    }

    /// Reads a TTL in seconds.
    mutating func read(ttl value: JSONValue?) {
        guard let value, value != .null else { return }
        guard let seconds = value.number32 else { return complain("ttl", "ttl is no number of seconds") }
        set(ttl: seconds)
    }

    /// Reads a weight or a priority, an integer from 0 to 65535.
    mutating func number(_ field: String, _ value: JSONValue?, or usual: UInt16) -> UInt16 {
        guard let value, value != .null else { return usual }
        guard let number = value.number16 else {
            complain(field, "\(field) is no number from 0 to 65535")
            return usual
        }
        return number
    }
}
