import ArgumentParser
import DNSAuthority
import DNSSecurity
import IPAddressing
import ZoneCompilation

extension Declared {
    /// The settings of what other servers get of the zones.
    static let transferring: [any DeclaredSetting] = [
        notify, notifyDelay, allowTransfer, tsigKeys, catalog, serialModulo, journalSize,
    ]

    static let notify = Setting(
        "notify", "ip[:port] [key]", "A server that hears of new versions of zones, signed with a key of --tsig-keys; may be repeated.",
        .list(of: "an address such as 192.0.2.1 or [2001:db8::1]:53, and the name of a key if messages are signed", text: \.text) {
            NotifiedServer($0)
        }, default: [], shownAs: "none", for: .serving, isPerZone: true, isReloadable: true)
    static let notifyDelay = Setting(
        "notify-delay", "duration", "The least time between the notifications of two versions of a zone, 0 for none.", .duration(.zero...),
        default: .seconds(1), for: .serving, isReloadable: true)
    static let allowTransfer = Setting(
        "allow-transfer", "cidr|key:name", "Who may transfer zones: a range of clients, or those that sign with a key; may be repeated.",
        .list(of: "an address range such as 10.0.0.0/8 or 2001:db8::/32, or key: with the name of a key", text: \.text) {
            TransferPermission($0)
        }, default: [], shownAs: "none", for: .serving, isReloadable: true)
    static let tsigKeys = Setting(
        "tsig-keys", "file", "The file of keys that messages of other servers are signed with (TSIG), as tsig-keygen prints them.",
        SettingForm<String>("the path of a file", text: \.self) { $0.isEmpty || $0.hasSuffix("/") ? nil : $0 }.optional, default: nil,
        shownAs: "no keys", for: .serving, isReloadable: true)
    static let catalog = Setting(
        "catalog", "name", "The name of the catalog zone (RFC 9432), which lists all zones for other servers.",
        SettingForm<DomainName>("a name such as zones.catalog, of at most \(CatalogCompiler.longestName) octets", text: \.text) { text in
            DomainName(text: text).flatMap { CatalogCompiler.canHaveName($0) ? $0 : nil }
        }.optional, default: nil, shownAs: "none", for: .serving, isReloadable: true)
    static let serialModulo = Setting(
        "serial-modulo", "r/m", "Only serials that leave R when divided by M, so that several servers of one registry never share one.",
        SettingForm("R/M with R from 0 to M - 1 and M from 1 to \(SerialModulo.most), such as 0/2", text: \.text) { SerialModulo($0) },
        default: .one, for: .serving, isReloadable: true)
    static let journalSize = Setting(
        "journal-size", "octets", "Most octets of the differences between versions of a zone, 0 for none: 1048576, 1024KiB or 1MiB.",
        SettingForm("octets from 0 to \(OctetCount.most.text), such as 1048576, 1024KiB or 1MiB", text: \.text) { OctetCount($0) },
        default: OctetCount(octets: 16 << 20), for: .serving, isReloadable: true)
}

/// Options of the settings of what other servers get of the zones, as they were written.
struct TransferOptions: ParsableArguments {
    @Option(Declared.notify) var notify: [String]
    @Option(Declared.notifyDelay) var notifyDelay: String?
    @Option(Declared.allowTransfer) var allowTransfer: [String]
    @Option(Declared.tsigKeys) var tsigKeys: String?
    @Option(Declared.catalog) var catalog: String?
    @Option(Declared.serialModulo) var serialModulo: String?
    @Option(Declared.journalSize) var journalSize: String?
}

/// A server that hears of new versions of zones.
struct NotifiedServer: Hashable, Sendable {
    let endpoint: SocketEndpoint
    /// The name of the key that messages to it are signed with, in wire form in lower case; nil for no signature.
    let key: [UInt8]?

    /// Reads `192.0.2.1`, `[2001:db8::1]:53`, either with the name of a key behind a space.
    init?(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 1)
        guard let first = words.first.map(String.init) else { return nil }
        let read =
            SocketEndpoint(first, defaultPort: 53, allowsScope: true) ?? IPAddress(first).map { SocketEndpoint(address: $0, port: 53) }
        guard let endpoint = read, endpoint.port > 0, endpoint.address.isHost else { return nil }
        var key: [UInt8]?
        if words.count == 2 {
            key = KeyName.octets(of: words[1])
            if key == nil { return nil }
        }
        (self.endpoint, self.key) = (endpoint, key)
    }

    var text: String { endpoint.text + (key.map { " " + KeyName.text(of: $0) } ?? "") }
}

/// Clients that may transfer zones.
enum TransferPermission: Hashable, Sendable {
    case range(AddressRange)
    /// Those that sign with the key of a name, given in wire form in lower case.
    case key([UInt8])

    private static let keyPrefix = "key:"

    /// Reads `10.0.0.0/8` or `key:NAME`.
    init?(_ text: String) {
        if text.hasPrefix(Self.keyPrefix) {
            guard let name = KeyName.octets(of: text.dropFirst(Self.keyPrefix.count)) else { return nil }
            self = .key(name)
        } else {
            guard let range = AddressRange(text) else { return nil }
            self = .range(range)
        }
    }

    var text: String {
        switch self {
        case .range(let range): range.text
        case .key(let name): Self.keyPrefix + KeyName.text(of: name)
        }
    }
}

/// Which serials a server gives: those that leave the remainder when divided by the modulus.
struct SerialModulo: Hashable, Sendable {
    let remainder: UInt32
    let modulus: UInt32

    /// The largest modulus.
    static let most: UInt32 = 16
    /// All serials.
    static let one = SerialModulo(remainder: 0, modulus: 1)

    private init(remainder: UInt32, modulus: UInt32) { (self.remainder, self.modulus) = (remainder, modulus) }

    /// Reads `R/M`.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { UInt32($0) }
        guard parts.count == 2, let remainder = parts[0], let modulus = parts[1] else { return nil }
        guard 1...Self.most ~= modulus, remainder < modulus else { return nil }
        self.init(remainder: remainder, modulus: modulus)
    }

    var text: String { "\(remainder)/\(modulus)" }
}

/// A number of octets as people write it.
struct OctetCount: Hashable, Sendable {
    let octets: Int

    private static let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
    /// The largest one that is read.
    static let most = OctetCount(octets: 64 << 30)

    init(octets: Int) { self.octets = octets }

    /// Reads `1048576`, `1024KiB`, `1MiB` or `1GiB`.
    init?(_ text: String) {
        let unit = Self.units.first { text.hasSuffix($0.0) }
        guard let number = Int(text.dropLast(unit?.0.count ?? 0)), number >= 0 else { return nil }
        let (octets, overflow) = number.multipliedReportingOverflow(by: unit?.1 ?? 1)
        guard !overflow, octets <= Self.most.octets else { return nil }
        self.octets = octets
    }

    var text: String {
        guard let unit = Self.units.first(where: { octets > 0 && octets % $0.1 == 0 }) else { return "\(octets)" }
        return "\(octets / unit.1)\(unit.0)"
    }
}
