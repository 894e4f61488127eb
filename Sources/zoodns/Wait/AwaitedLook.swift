import DNSAuthority
import Glibc
import IPAddressing

/// One look at one server.
struct AwaitedLook {
    private let awaited: AwaitedAnswer
    private let exchange: NameServerExchange

    /// Targets whose addresses a response leaves out that are asked for, in one look.
    private static let mostTargets = 100

    init(_ awaited: AwaitedAnswer, _ exchange: NameServerExchange) { (self.awaited, self.exchange) = (awaited, exchange) }

    /// What the server lacks; nil for nothing.
    var lack: String? {
        get async {
            do throws(Silence) {
                let providers = awaited.needsProviders ? try await lackOfProviders() : nil
                let serial = awaited.serial == nil ? nil : awaited.lack(serial: try await response(awaited.origin, .soa).serial)
                let lacks = [providers, serial].compactMap(\.self)
                return lacks.isEmpty ? nil : lacks.joined(separator: "; ")
            } catch {
                return error.text
            }
        }
    }

    /// The server gave no response.
    private struct Silence: Error {
        let text: String
    }

    private func response(_ name: DomainName, _ type: RecordType) async throws(Silence) -> NameServerResponse {
        switch await exchange.reply(to: NameServerQuery(name, type)) {
        case .response(let response): return response
        case .unreadable: throw Silence(text: "its answer cannot be read")
        case .silence: throw Silence(text: "no answer")
        case .failed(let code): throw Silence(text: "no answer: \(String(cString: strerror(code)))")
        }
    }

    private func lackOfProviders() async throws(Silence) -> String? {
        let response = try await response(awaited.service, .srv)
        var addresses = response.addresses
        var left = Self.mostTargets
        // Servers may leave additional data out (RFC 2181 §9).
        for provider in awaited.present + awaited.absent {
            guard let type = provider.addressType else { continue }
            for location in response.locations
            where location.port == provider.port && addresses[location.target] == nil && location.target.isAtOrBelow(awaited.origin) {
                guard left > 0 else { break }
                left -= 1
                addresses[location.target] = try await self.response(location.target, type).addresses[location.target] ?? []
            }
        }
        return awaited.lack(response, addresses)
    }
}
