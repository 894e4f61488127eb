import FoundationEssentials
import ProviderRegistry
import ZooKeeperClient

/// One provider to be registered: an ephemeral znode `<root>/<service>/<instance>`.
///
/// ```swift
/// let first = try ProviderAnnouncement(service: "first", port: 9001)
/// ```
public struct ProviderAnnouncement: Hashable, Sendable {
    /// The service's name: one part of a znode's path.
    public let service: String
    /// The name of the znode among the service's: one part of a path; unlike every other provider's.
    public let instance: String
    /// Where it is: the host that was given, or this machine's full name.
    public let host: String
    /// The port that it serves.
    public let port: UInt16
    /// The znode's data: `{"host": "…", "port": …}`, then whatever else was asked for.
    public let document: String

    /// A provider at a host and port.
    ///
    /// Without a host it is this machine by its full name (which may mean asking DNS); without an instance, a new UUID. `weight` and
    /// `priority` are those of RFC 2782 and stand in the document only if they are given, as do further `fields`, which others may read.
    /// Throws if a name cannot be part of a path, what would be written could not be read as a provider, or the machine is called `localhost`.
    public init(
        service: String, host: String? = nil, port: UInt16, instance: String? = nil, weight: UInt16? = nil, priority: UInt16? = nil,
        fields: [String: String] = [:]
    ) throws(AnnouncementError) {
        let instance = instance ?? UUID().uuidString.lowercased()
        guard let host = host ?? MachineName.find() else { throw .namelessMachine }
        for name in [service, instance] where !ZnodePath.isName(name) { throw .badName(name) }
        self.service = service
        self.instance = instance
        self.host = host
        self.port = port
        document = ProviderDocument.text(host: host, port: port, weight: weight, priority: priority, fields: fields)
        for name in ["host", "port", "weight", "priority"] where fields[name] != nil { throw .badProvider("\(name) is no further field") }
        do throws(ProviderDocument.Rejection) {
            _ = try ProviderDocument(Array(document.utf8))
        } catch {
            throw .badProvider(error.rawValue)
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
