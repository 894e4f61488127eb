import DNSAuthority
import DNSSecurity
import Glibc
import ZoneCompilation
import ZoneTransfer

/// What other servers get of the zones, checked.
struct TransferSettings: Sendable {
    /// Who may transfer zones, with all keys.
    let policy: TransferPolicy
    /// Which servers hear of new versions.
    let notify: NotifyPolicy
    /// The name of the catalog of all zones; nil for none.
    let catalog: DomainName?
    /// Which serials versions have, and what is kept of earlier ones.
    let versions: VersionPolicy

    /// Octets of a file of keys: more than a thousand of them.
    private static let longestKeyFile = 1 << 18

    /// Reads the settings of a server of these zones and those of addresses' names; problems are left with the reader.
    init(_ options: TransferOptions, _ zones: [ZoneSettings], reverse: [DomainName], _ reader: inout SettingsReader) {
        let keys = Self.keys(options, &reader)
        let permissions = reader.value(Declared.allowTransfer, options.allowTransfer)
        var policy = TransferPolicy(keys: keys)
        for permission in permissions {
            switch permission {
            case .range(let range): policy.allowed.append(range)
            case .key(let name):
                if Self.key(name, in: keys, for: "--allow-transfer \(permission.text)", &reader) != nil { policy.allowedKeys.insert(name) }
            }
        }
        self.policy = policy
        func targets(_ servers: [NotifiedServer], _ reader: inout SettingsReader) -> [NotifyTarget] {
            servers.map { server in
                NotifyTarget(server.endpoint, key: server.key.flatMap { Self.key($0, in: keys, for: "--notify \(server.text)", &reader) })
            }
        }
        var notify = NotifyPolicy(delay: reader.value(Declared.notifyDelay, options.notifyDelay))
        notify.usual = targets(reader.value(Declared.notify, options.notify), &reader)
        for zone in zones { notify.own[zone.source.origin] = targets(zone.notify, &reader) }
        self.notify = notify
        catalog = reader.value(Declared.catalog, options.catalog)
        if let catalog, reverse.contains(catalog) || zones.contains(where: { $0.source.origin == catalog }) {
            reader.complain("--catalog \(catalog.text): expected another name than that of a zone")
        }
        let modulo = reader.value(Declared.serialModulo, options.serialModulo)
        let journal = reader.value(Declared.journalSize, options.journalSize)
        var versions = VersionPolicy()
        (versions.remainder, versions.modulus) = (modulo.remainder, modulo.modulus)
        if !permissions.isEmpty { versions.journal = journal.octets }
        self.versions = versions
    }

    private static func key(
        _ name: [UInt8], in keys: [TransactionKey], for use: String, _ reader: inout SettingsReader
    ) -> TransactionKey? {
        let key = keys.first { $0.name == name }
        if key == nil { reader.complain("\(use): no key of that name in the file of --\(Declared.tsigKeys.name)") }
        return key
    }

    /// The keys in the file; a problem with it is left with the reader, without what stands in the file.
    private static func keys(_ options: TransferOptions, _ reader: inout SettingsReader) -> [TransactionKey] {
        guard let path = reader.value(Declared.tsigKeys, options.tsigKeys) else { return [] }
        let place = "--\(Declared.tsigKeys.name) \(path.debugDescription)"
        guard let octets = SmallFile.read(path, limit: longestKeyFile, isRegular: true) else {
            reader.complain("\(place): cannot be read: \(String(cString: strerror(errno)))")
            return []
        }
        do throws(KeyFileError) { return try KeyFile(octets).keys } catch {
            for problem in error.problems { reader.complain("\(place): \(problem)") }
            return []
        }
    }
}
