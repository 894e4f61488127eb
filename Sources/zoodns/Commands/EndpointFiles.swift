import Glibc
import ProviderRegistry
import ServerStatus
import SystemPackage

/// A folder of files, one for each service, from which Envoy reads the service's endpoints (`path_config_source`).
struct EndpointFiles {
    let folder: String
    /// What each file says, as far as that is known, by the clusters' names.
    private var written: [String: String]?

    /// What versions begin with: other files of the folder are left alone.
    private static let label = "zoodns"
    /// Octets of a file that is read: 100,000 endpoints have less.
    private static let longest = 64 << 20

    init(folder: String) { self.folder = folder }

    /// Throws if there is no such folder, or no file can be made in it. The C functions are `open` and `access`.
    func check() throws(CommandFailure) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
        close(descriptor)
        guard access(folder, W_OK | X_OK) == 0 else { throw failure(String(cString: strerror(errno))) }
    }

    private func failure(_ reason: String) -> CommandFailure { .refused("--envoy-eds \(folder.debugDescription): \(reason)") }

    /// Writes what is different. The files of services that are gone say so: Envoy would keep what a file that is deleted has said.
    ///
    /// `isWhole`: also what lacks addresses, as these have had their time to be resolved.
    mutating func write(_ services: ServedServices, isWhole: Bool) throws(CommandFailure) {
        let (all, origins) = services.clusters()
        if written == nil { written = found() }
        let names = Set(all.map(\.name))
        let gone = (written ?? [:]).keys.filter { name in !names.contains(name) && origins.contains { name.hasSuffix("." + $0) } }
        let changed = all.compactMap(\.assignment).filter { isWhole || !$0.lacksAddresses } + gone.compactMap(LoadAssignment.empty)
        for assignment in changed {
            let text = LoadAssignment.response([assignment], label: Self.label).text
            guard written?[assignment.cluster] != text else { continue }
            let file = StateFile(path: "\(folder)/\(assignment.fileName)")
            do throws(StateFile.Failure) { try file.replace(with: Array(text.utf8), isForOthers: true) } catch {
                throw .refused("\(file.path.debugDescription) \(error.text)")
            }
            written?[assignment.cluster] = text
        }
    }

    /// The files of ours that the folder has, by their clusters' names.
    private func found() -> [String: String] {
        guard let listing = opendir(folder) else { return [:] }
        defer { closedir(listing) }
        var files: [String: String] = [:]
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasSuffix(".json"), let octets = try? StateFile(path: "\(folder)/\(name)").read(limit: Self.longest),
                let cluster = Self.cluster(octets), LoadAssignment.empty(cluster)?.fileName == name
            else { continue }
            files[cluster] = String(decoding: octets, as: UTF8.self)
        }
        return files
    }

    /// The cluster that a file of ours is about; nil for any other file.
    private static func cluster(_ octets: [UInt8]) -> String? {
        guard case .object(let response) = try? JSONValue(octets, deepest: 16),
            case .string(let version) = response["version_info"], version.hasPrefix(label + "-"),
            case .array(let resources) = response["resources"], case .object(let resource) = resources.first,
            case .string(let name) = resource["cluster_name"]
        else { return nil }
        return name
    }
}
