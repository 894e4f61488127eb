import Foundation
import FoundationNetworking
import Hummingbird
import Logging
import ProviderDiscovery
import ProviderRegistration
import ServiceLifecycle

/// A service that registers itself, says at `/` where it is, and calls any other at `/call/NAME`.
///
///     SERVICE=first PORT=8001 [HOST=127.0.0.1] [ZOOKEEPER=127.0.0.1:2181] swift-service
@main struct SwiftService {
    /// What `/` answers.
    struct Greeting: ResponseEncodable {
        let service: String
        let host: String
        let port: UInt16
    }

    static func main() async {
        do {
            try await serve(ProcessInfo.processInfo.environment)
        } catch {
            FileHandle.standardError.write(Data("swift-service: \(error)\n".utf8))
            exit(EXIT_FAILURE)
        }
    }

    static func serve(_ environment: [String: String]) async throws {
        // Without them there can be no announcement.
        let service = environment["SERVICE"] ?? ""
        let port = environment["PORT"].flatMap { UInt16($0) } ?? 0
        let zooKeeper = environment["ZOOKEEPER"] ?? "127.0.0.1:2181"
        let announcement = try ProviderAnnouncement(service: service, host: environment["HOST"], port: port)
        let registrar = try Registrar([announcement], zooKeeper: zooKeeper)
        let directory = try ProviderDirectory(zooKeeper: zooKeeper)

        let router = Router()
        router.get("/") { _, _ in Greeting(service: service, host: announcement.host, port: port) }
        router.get("/call/{service}") { _, context in
            let name = try context.parameters.require("service")
            guard let provider = await directory.provider(of: name), let url = URL(string: "http://\(provider.authority)/") else {
                throw HTTPError(.serviceUnavailable, message: "No provider of \(name) is registered.")
            }
            do {
                let (body, _) = try await URLSession.shared.data(from: url)
                return Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: ByteBuffer(bytes: body)))
            } catch {
                throw HTTPError(.badGateway, message: "\(name) at \(provider.authority) does not answer.")
            }
        }
        // Registered as soon as connections are taken, not before.
        registrar.withdraw()
        let server = Application(
            router: router, configuration: .init(address: .hostname(environment["HOST"] ?? "0.0.0.0", port: Int(port))),
            onServerRunning: { _ in registrar.announce() })
        // Ended from the last to the first: withdrawn, then no more lookups, then stopped once all requests are answered.
        let group = ServiceGroup(
            services: [server, directory, registrar], gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: service))
        try await group.run()
    }
}
