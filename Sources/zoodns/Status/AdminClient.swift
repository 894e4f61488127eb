import FoundationEssentials
import IPAddressing
import NIOCore
import ServerStatus

/// Asks a server's admin endpoint.
struct AdminClient {
    /// Where the server is asked.
    let address: AdminAddress

    /// How long one answer may take.
    private static let limit: Duration = .seconds(5)
    /// Octets of an answer: far more than any has.
    private static let longestAnswer = 16 << 20

    init(_ address: AdminAddress) { self.address = address }

    /// What the server says of itself.
    func status() async throws(CommandFailure) -> StatusReport { try await get("/status.json") }

    /// What was published last, the newest first.
    func changes() async throws(CommandFailure) -> [PublishedChange] { try await get("/status/changes") }

    /// What is asked most, the most frequent first; nil if the server samples nothing.
    func questions() async throws(CommandFailure) -> [AskedQuestion]? { try await find("/top") }

    private func get<Answer: Decodable & Sendable>(_ target: String) async throws(CommandFailure) -> Answer {
        guard let answer: Answer = try await find(target) else {
            throw .refused("\(address.text) has no \(target): is it another server, or another version?")
        }
        return answer
    }

    /// What is at a path; nil if nothing is there.
    private func find<Answer: Decodable & Sendable>(_ target: String) async throws(CommandFailure) -> Answer? {
        let exchange = HTTPExchange(
            place: place, hostField: hostField, target: target, longestBody: Self.longestAnswer)
        let response: HTTPExchange.Response
        do {
            response = try await withThrowingTaskGroup(of: HTTPExchange.Response.self) { group in
                group.addTask { try await exchange.response(connectingWithin: Self.limit) }
                group.addTask {
                    try await Task.sleep(for: Self.limit)
                    throw ChannelError.connectTimeout(TimeAmount(Self.limit))
                }
                defer { group.cancelAll() }
                guard let response = try await group.next() else { throw CancellationError() }
                return response
            }
        } catch {
            throw .refused("no answer at \(address.text): is zoodns serve running with --admin \(address.text)?")
        }
        if response.status == .notFound { return nil }
        guard response.status == .ok, let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)) else {
            throw .refused("\(address.text) answers \(response.status.code) for \(target), or not as zoodns does: is it another server?")
        }
        return answer
    }

    private var place: HTTPExchange.Place {
        switch address {
        case .tcp(let endpoint): .tcp(host: endpoint.address.text, port: endpoint.port)
        case .unixSocket(let path): .unixSocket(path)
        }
    }

    private var hostField: String {
        switch address {
        case .tcp(let endpoint): endpoint.text
        case .unixSocket: "localhost"
        }
    }
}

/// A question that is asked often.
struct AskedQuestion: Decodable, Sendable {
    /// In presentation form.
    let name: String
    /// Its mnemonic.
    let type: String
    /// About, from a sample.
    let queriesPerSecond: Double
}
