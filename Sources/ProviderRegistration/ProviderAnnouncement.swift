import FoundationEssentials
import Glibc
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
    /// Throws if a name cannot be part of a path, or what would be written could not be read as a provider.
    public init(
        service: String, host: String? = nil, port: UInt16, instance: String? = nil, weight: UInt16? = nil, priority: UInt16? = nil,
        fields: [String: String] = [:]
    ) throws(AnnouncementError) {
        let instance = instance ?? UUID().uuidString.lowercased()
        let host = host ?? Self.machine
        for name in [service, instance] where !ZnodePath.isName(name) { throw .badName(name) }
        self.service = service
        self.instance = instance
        self.host = host
        self.port = port
        document = ProviderDocument.text(host: host, port: port, weight: weight, priority: priority, fields: fields)
        for name in ["host", "port", "weight", "priority"] where fields[name] != nil { throw .badProvider("\(name) is no further field") }
        do throws(ProviderDocument.Refusal) { _ = try ProviderDocument(Array(document.utf8)) } catch { throw .badProvider(error.rawValue) }
    }

    /// This machine's full name as others know it, else the name that it has itself. The C functions are `gethostname` and `getaddrinfo`.
    private static var machine: String {
        var buffer = [CChar](repeating: 0, count: Int(HOST_NAME_MAX) + 1)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var hints = addrinfo()
        hints.ai_flags = AI_CANONNAME
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return name }
        defer { freeaddrinfo(list) }
        let full = (list?.pointee.ai_canonname).map { String(cString: $0) } ?? name
        return full.contains(".") ? full : name
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

    /// A sentence for people.
    public var description: String {
        switch self {
        case .badName(let name): "\(name.debugDescription) cannot be a part of a znode's path"
        case .badProvider(let reason): "cannot be a provider: \(reason)"
        }
    }
}
