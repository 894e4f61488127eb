import ProviderRegistry
import ZooKeeperClient

/// Sets the status of one provider.
struct StatusChange: Sendable {
    let path: String
    let status: ProviderStatus

    /// Why a status is not set.
    enum Failure: Error, Equatable {
        case noNode
        /// The znode has no document of our own, for this reason.
        case noProvider(String)
        /// Other clients have changed the znode each time.
        case contested
        case refused(ZooKeeperError)

        /// What is wrong with the znode, in words that follow its path.
        var text: String {
            switch self {
            case .noNode: "does not exist"
            case .noProvider(let reason): "holds no provider: \(reason)"
            case .contested: "is changed by other clients all the time"
            case .refused(let error): "cannot be changed: \(error.text)"
            }
        }
    }

    /// How many times another client may be faster.
    private static let mostTries = 100

    /// Reads the document and writes it with the status, again where another client has written between the two. Throws an error of ZooKeeper's
    /// that another connection mends.
    func make(_ client: Client) async throws(ZooKeeperError) -> Result<Void, Failure> {
        do throws(Failure) {
            for _ in 0..<Self.mostTries { if try await isMade(client) { return .success(()) } }
            return .failure(.contested)
        } catch {
            if case .refused(let error) = error, error.isPassing { throw error }
            return .failure(error)
        }
    }

    /// Tries it once; false if another client has written meanwhile.
    private func isMade(_ client: Client) async throws(Failure) -> Bool {
        let content: ZnodeContent
        switch await client.read(path, limit: ProviderDocument.longest + 1) {
        case .success(let found): content = found
        case .failure(let error): throw Self.failure(error)
        }
        let changed = try document(with: content.octets)
        if changed == content.octets { return true }
        switch await client.set(path, to: changed, version: content.stat.version) {
        case .success: return true
        case .failure(.badVersion): return false
        case .failure(let error): throw Self.failure(error)
        }
    }

    /// A document with the status; the same octets where it has that already.
    private func document(with octets: [UInt8]) throws(Failure) -> [UInt8] {
        let document: ProviderDocument
        do throws(ProviderDocument.Rejection) { document = try ProviderDocument(octets) } catch { throw .noProvider(error.rawValue) }
        if document.provider.status == status, document.problems.isEmpty { return octets }
        guard let changed = StatusMember.set(status, in: octets) else { throw .noProvider(ProviderDocument.Rejection.tooLong.rawValue) }
        return changed
    }

    private static func failure(_ error: ZooKeeperError) -> Failure { error == .noNode ? .noNode : .refused(error) }
}
