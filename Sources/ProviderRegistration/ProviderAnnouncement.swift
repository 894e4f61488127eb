import FoundationEssentials
import ProviderRegistry
import ZooKeeperClient

/// One provider to be registered: an ephemeral znode `<root>/<service>/<instance>`.
///
/// ```swift
/// let first = try ProviderAnnouncement(service: "first", port: 9001)
/// let second = try ProviderAnnouncement(service: "second", ports: [.init("http", 8080), .init("metrics", 9090)], zone: "eu-1")
/// ```
public struct ProviderAnnouncement: Hashable, Sendable {
    /// The service's name: one part of a znode's path, or several with slashes between where the registry has so many levels.
    public let service: String
    /// The name of the znode among the service's: one part of a path; unlike every other provider's.
    public let instance: String
    /// Where it is: the host that was given, or this machine's full name.
    public let host: String
    /// The port that it serves.
    public let port: UInt16
    /// Who is to read the document.
    public let format: Format
    /// The znode's data: `{"host": "…", "port": …}`, then whatever else was asked for; or what the readers of another format expect.
    public let document: String

    /// Whether a provider is to be used.
    public enum Status: String, Hashable, Sendable, CaseIterable {
        /// It is.
        case up
        /// New clients leave it alone; clients that know it by its own name still find it.
        case draining
        /// No client is to find it.
        case down
    }

    /// A port with a name.
    public struct Port: Hashable, Sendable {
        /// What it is for, such as `http`: `_http._tcp.<service>` has its SRV records.
        public let name: String
        /// The port, 1 to 65535.
        public let number: UInt16

        /// A port with this name.
        public init(_ name: String, _ number: UInt16) { (self.name, self.number) = (name, number) }
    }

    /// Who is to read a document.
    public enum Format: String, Hashable, Sendable, CaseIterable {
        /// Readers of zoodns's own documents.
        case providers
        /// Readers that use Apache Curator, such as Spring Cloud's.
        case curator
    }

    /// Members of our own documents, which cannot be further fields.
    private static let members = ["host", "port", "weight", "priority", "ports", "status", "attributes", "zone", "alpn"]

    /// A provider at a host and port.
    ///
    /// Without a host it is this machine by its full name (which may mean asking DNS); without a port, the first of `ports`; without an
    /// instance, a new UUID. What is left out does not stand in the document. `weight` and `priority` are those of RFC 2782, `ports` further
    /// ports by their names, `attributes` what is said of the provider, `zone` the part of the world where it is, `alpn` the protocols that it
    /// speaks at its port (RFC 7301), and `fields` what other readers look for.
    /// Throws if a name cannot be part of a path, what would be written could not be read as it is meant, or the machine is called `localhost`.
    public init(
        service: String, host: String? = nil, port: UInt16? = nil, ports: [Port] = [], instance: String? = nil,
        weight: UInt16? = nil, priority: UInt16? = nil, status: Status = .up, attributes: [String: String] = [:], zone: String? = nil,
        alpn: [String] = [], fields: [String: String] = [:], format: Format = .providers
    ) throws(AnnouncementError) {
        let instance = instance ?? UUID().uuidString.lowercased()
        guard let host = host ?? MachineName.find() else { throw .namelessMachine }
        guard service.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({ ZnodePath.isName(String($0)) }) else {
            throw .badName(service)
        }
        guard ZnodePath.isName(instance) else { throw .badName(instance) }
        guard let port = port ?? ports.first?.number else { throw .badProvider("no port") }
        for name in Self.members where fields[name] != nil { throw .badProvider("\(name) is no further field") }
        let details = ProviderDetails(
            status: ProviderStatus(status), ports: ports.map { NamedPort(name: $0.name, port: $0.number) }, attributes: attributes,
            zone: zone,
            alpn: alpn)
        let draft = ProviderDraft(
            service: service, instance: instance, host: host, port: port, weight: weight, priority: priority,
            details: details == ProviderDetails() ? nil : details, fields: fields, announced: Int64(Date().timeIntervalSince1970 * 1000))
        (self.service, self.instance, self.host, self.port, self.format) = (service, instance, host, port, format)
        document = try Self.write(draft, format.registryFormat)
    }

    /// The document of a provider, which readers of the format take for just that.
    private static func write(_ draft: ProviderDraft, _ format: RegistryFormat) throws(AnnouncementError) -> String {
        guard let write = format.write else { throw .badProvider("no documents of the format \(format.name) are written") }
        let document: String
        do throws(RegistryFormat.Problem) { document = try write(draft) } catch { throw .badProvider(error.text) }
        let reading: RegistryFormat.Reading
        do throws(ProviderDocument.Rejection) {
            reading = try format.read(InstanceName(draft.instance), Array(document.utf8))
        } catch {
            throw .badProvider(error.rawValue)
        }
        guard case .provider(let provider) = reading else { throw .badProvider("it could not be read") }
        guard provider.problems.isEmpty else { throw .badProvider(provider.problems.joined(separator: ", ")) }
        return document
    }
}

extension ProviderAnnouncement.Format {
    /// The format as the registry has it.
    package var registryFormat: RegistryFormat {
        switch self {
        case .providers: .providers
        case .curator: .curator
        }
    }
}

extension ProviderAnnouncement.Status {
    /// The status as documents have it.
    init(_ status: ProviderStatus) {
        switch status {
        case .up: self = .up
        case .draining: self = .draining
        case .down: self = .down
        }
    }
}

extension ProviderStatus {
    /// The status as documents have it.
    package init(_ status: ProviderAnnouncement.Status) {
        switch status {
        case .up: self = .up
        case .draining: self = .draining
        case .down: self = .down
        }
    }
}

/// Why a provider cannot be announced.
///
/// ```swift
/// do { announcement = try ProviderAnnouncement(service: name, port: 80) } catch { print("cannot announce \(name): \(error)") }
/// ```
public enum AnnouncementError: Error, Hashable, Sendable, CustomStringConvertible {
    /// This cannot be one part of a znode's path: it is empty, `.` or `..`, or holds a slash or a control character.
    case badName(String)
    /// What would be written is no provider, for this reason.
    case badProvider(String)

    /// No host was given, and this machine calls itself by a name such as `localhost`, which is every machine's for itself.
    case namelessMachine

    /// A sentence for people.
    public var description: String {
        switch self {
        case .namelessMachine: "this machine calls itself localhost, by which no other finds it"
        case .badName(let name): "\(name.debugDescription) cannot be a part of a znode's path"
        case .badProvider(let reason): "cannot be a provider: \(reason)"
        }
    }
}
