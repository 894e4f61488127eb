import ArgumentParser
import DNSAuthority
import DNSTransport
import Glibc
import IPAddressing

extension Declared {
    /// The settings that keep the server and its clients from harm.
    static let guarding: [any DeclaredSetting] = [
        allow, allowForward, onUnknown, cookies, cookieSecretFile, rrl, rrlSlip, rrlDryRun,
    ]

    private static let ranges = SettingForm<[AddressRange]>.list(
        of: "an address range such as 10.0.0.0/8 or 2001:db8::/32, without bits beyond its length", text: \.text
    ) { AddressRange($0) }

    static let allow = Setting(
        "allow", "cidr", "A range of clients that are answered; others get REFUSED.", ranges, default: [], shownAs: "all", for: .serving,
        isReloadable: true)
    static let allowForward = Setting(
        "allow-forward", "cidr", "A range of clients whose queries are forwarded.", ranges,
        default: [
            "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10",
        ].compactMap { AddressRange($0) }, shownAs: "loopback, private and link-local ranges", for: .serving, isReloadable: true)
    static let onUnknown = Setting(
        "on-unknown", "nxdomain|refused",
        "What names that do not exist in a zone are answered with: refused has clients ask another server.",
        SettingForm("nxdomain or refused") { UnknownNameAnswer(rawValue: $0) }, default: .nxdomain, for: .serving, isReloadable: true)
    static let cookies = Setting(
        "cookies", "on|off", "Whether clients get DNS cookies, by which they show that their address is their own.", .onOff, default: true,
        for: .serving, isReloadable: true)
    static let cookieSecretFile = Setting(
        "cookie-secret-file", "file",
        "The file of the cookies' keys for several servers: lines of 32 hex digits, the first makes cookies, the others are accepted.",
        SettingForm<String>("the path of a file", text: \.self) { $0.isEmpty || $0.hasSuffix("/") ? nil : $0 }.optional, default: nil,
        shownAs: "a random key", for: .serving, isReloadable: true)
    static let rrl = Setting(
        "rrl", "number", "Responses of one kind in a second over UDP to a network (/24, /56), or to a private address; 0 for any number.",
        .number(0...RateTable.mostResponses), default: 0, for: .serving, isReloadable: true)
    static let rrlSlip = Setting(
        "rrl-slip", "number", "Of responses beyond --rrl, one in so many has TC and no records, 0 for none; the others are dropped.",
        .number(0...100), default: 2, for: .serving, isReloadable: true)
    static let rrlDryRun = Setting(
        "rrl-dry-run", "on|off", "Whether responses beyond --rrl are only counted.", .onOff, default: false, for: .serving,
        isReloadable: true)
}

/// What names that do not exist in a zone are answered with.
enum UnknownNameAnswer: String {
    case nxdomain, refused
}

/// Options of the settings that keep the server and its clients from harm, as they were written.
struct GuardOptions: ParsableArguments {
    @Option(Declared.allow) var allow: [String]
    @Option(Declared.allowForward) var allowForward: [String]
    @Option(Declared.onUnknown) var onUnknown: String?
    @Option(Declared.cookies) var cookies: String?
    @Option(Declared.cookieSecretFile) var cookieSecretFile: String?
    @Option(Declared.rrl) var rrl: String?
    @Option(Declared.rrlSlip) var rrlSlip: String?
    @Option(Declared.rrlDryRun) var rrlDryRun: String?
}

extension QueryGuards {
    /// The key of servers without a file of keys, as long as the program runs.
    private static let ownSecret = CookieSecret.random()

    /// Reads the settings; problems are left with the reader.
    init(_ options: GuardOptions, _ reader: inout SettingsReader) {
        self.init()
        let allowed = reader.value(Declared.allow, options.allow)
        if !allowed.isEmpty { admitted = ClientRanges(allowed) }
        forwarded = ClientRanges(reader.value(Declared.allowForward, options.allowForward))
        refusesUnknownNames = reader.value(Declared.onUnknown, options.onUnknown) == .refused
        let usesCookies = reader.value(Declared.cookies, options.cookies)
        let path = reader.value(Declared.cookieSecretFile, options.cookieSecretFile)
        let secrets = path.map { CookieSecret.read($0, &reader) } ?? [Self.ownSecret]
        cookieSecrets = usesCookies ? secrets : []
        let responses = reader.value(Declared.rrl, options.rrl)
        let slip = reader.value(Declared.rrlSlip, options.rrlSlip)
        let isDryRun = reader.value(Declared.rrlDryRun, options.rrlDryRun)
        rateLimit = responses > 0 ? RateLimit(responses: responses, slip: slip, isDryRun: isDryRun) : nil
    }
}

extension ClientRanges {
    /// The clients whose addresses are in any of the ranges.
    fileprivate init(_ ranges: [AddressRange]) {
        self.init(ipv4: [], ipv6: [])
        for range in ranges {
            switch (range.first, range.last) {
            case (.v4(let first), .v4(let last)): ipv4.append(first.value...last.value)
            case (.v6(let first), .v6(let last)): ipv6.append(first.value...last.value)
            case (.v4, .v6), (.v6, .v4): break
            }
        }
    }
}

extension CookieSecret {
    /// Octets of a file of keys: more than a hundred of them.
    private static let longestFile = 4096

    /// The keys in a file; a problem with it is left with the reader, without what stands in the file.
    fileprivate static func read(_ path: String, _ reader: inout SettingsReader) -> [CookieSecret] {
        let place = "--\(Declared.cookieSecretFile.name) \(path.debugDescription)"
        guard let octets = SmallFile.read(path, limit: longestFile, isRegular: true) else {
            reader.complain("\(place): cannot be read: \(String(cString: strerror(errno)))")
            return []
        }
        var secrets: [CookieSecret] = []
        let lines = String(decoding: octets, as: UTF8.self).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
            guard let secret = CookieSecret(line) else {
                reader.complain("\(place): line \(index + 1): expected 32 hexadecimal digits")
                continue
            }
            secrets.append(secret)
        }
        if secrets.isEmpty { reader.complain("\(place): expected a line of 32 hexadecimal digits") }
        return secrets
    }
}
