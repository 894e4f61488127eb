import DNSAuthority
import ProviderRegistry
import Testing

@testable import ServerStatus

@Suite struct ServiceListingTests {
    private let origin: DomainName
    private let board: StatusBoard

    init() throws {
        origin = try #require(DomainName(text: "svc.local"))
        board = StatusBoard(origins: [origin])
        let services = try [("web", 3), ("Billing", 1), ("orders", 2), ("empty", 0)].map { name, count in
            let registrations = try (0..<count).map { number in
                let host = try #require(ProviderHost("10.0.\(name.count).\(number)"))
                return (InstanceName("\(name)-\(number)"), Registration(creationZxid: 1, provider: Provider(host: host, port: 8080)))
            }
            return (ServiceName(name), Service(registrations: Dictionary(uniqueKeysWithValues: registrations)))
        }
        board.take(.complete(Registry(services: Dictionary(uniqueKeysWithValues: services))), for: origin)
    }

    private func names(_ search: String = "", sort: String = "name", offset: Int = 0, limit: Int = 100) async throws -> [String] {
        let question = try #require(ServiceQuestion(zone: nil, search: search, sort: sort))
        return await ServiceListing(board).page(question, offset: offset, limit: limit).services.map(\.name)
    }

    @Test func `services are in the order that is asked for, equal ones by name`() async throws {
        #expect(try await names() == ["Billing", "empty", "orders", "web"])
        #expect(try await names(sort: "-name") == ["web", "orders", "empty", "Billing"])
        #expect(try await names(sort: "providers") == ["empty", "Billing", "orders", "web"])
        #expect(try await names(sort: "-providers") == ["web", "orders", "Billing", "empty"])
        #expect(try await names(sort: "-held") == ["Billing", "empty", "orders", "web"])
        board.take(.changed(RegistryChange(services: [ServiceName("orders"): Service()])), for: origin)
        #expect(try await names(sort: "-changed").first == "orders")
    }

    @Test func `a service is found by its name, an instance's name, or where a provider is, in letters of any size`() async throws {
        #expect(try await names("BILL") == ["Billing"])
        #expect(try await names("orders-1") == ["orders"])
        #expect(try await names("10.0.3.2:8080") == ["web"])
        #expect(try await names(":8080") == ["Billing", "orders", "web"])
        #expect(try await names("10.0.3.9") == [])
    }

    @Test func `a page begins and ends where it is asked to, wherever that is`() async throws {
        #expect(try await names(offset: 1, limit: 2) == ["empty", "orders"])
        #expect(try await names(offset: 3) == ["web"])
        #expect(try await names(offset: .max, limit: .max) == [])
        #expect(try await names(limit: 0) == [])
    }

    @Test func `what is found is counted, and looked for again after a change`() async throws {
        let listing = ServiceListing(board)
        let question = try #require(ServiceQuestion(zone: origin, search: "e", sort: "name"))
        var page = await listing.page(question, offset: 0, limit: 1)
        #expect((page.total, page.matching, page.services.count) == (4, 3, 1))
        board.take(.changed(RegistryChange(services: [ServiceName("late"): Service()])), for: origin)
        page = await listing.page(question, offset: 0, limit: 1)
        #expect((page.total, page.matching) == (5, 4))
    }

    @Test func `the registry of another path is looked at for itself`() async throws {
        let origin = origin
        func registry(_ name: ServiceName) -> RegistryUpdate { .complete(Registry(services: [name: Service()])) }
        let board = StatusBoard([.init(origin: origin, layout: RegistryLayout(root: "/a"))])
        board.take(registry("before"), for: origin)
        let listing = ServiceListing(board)
        let question = try #require(ServiceQuestion(zone: nil, search: "", sort: "name"))
        #expect(await listing.page(question, offset: 0, limit: 9).services.map(\.name) == ["before"])
        board.serve([.init(origin: origin, layout: RegistryLayout(root: "/b"))])
        board.take(registry("after"), for: origin)
        #expect(await listing.page(question, offset: 0, limit: 9).services.map(\.name) == ["after"])
    }

    @Test func `another zone has none of them, and there are four orders`() async throws {
        let other = try #require(ServiceQuestion(zone: DomainName(text: "other"), search: "", sort: "name"))
        #expect(await ServiceListing(board).page(other, offset: 0, limit: 9).total == 0)
        #expect(ServiceQuestion(zone: nil, search: "", sort: "") == nil)
        #expect(ServiceQuestion(zone: nil, search: "", sort: "--name") == nil)
    }
}
