import DNSAuthority
import Foundation
import IPAddressing
import ProviderRegistry
import TestSupport
import Testing

@testable import ServerStatus

/// What Envoy is given of a service, and what it asks for.
@Suite struct LoadAssignmentTests {
    private struct Assignment: Decodable, Equatable {
        struct Locality: Decodable, Equatable {
            struct Zone: Decodable, Equatable { let zone: String }
            struct Endpoint: Decodable, Equatable {
                struct Host: Decodable, Equatable { let address: Address }
                struct Address: Decodable, Equatable { let socketAddress: Socket }
                struct Socket: Decodable, Equatable {
                    let address: String
                    let portValue: Int
                }
                let endpoint: Host
                let healthStatus: String
                let loadBalancingWeight: Int
            }
            let locality: Zone?
            let priority: Int
            let lbEndpoints: [Endpoint]

            var lines: [String] {
                lbEndpoints.map { endpoint in
                    let socket = endpoint.endpoint.address.socketAddress
                    let place = "\(priority) \(locality?.zone ?? "-")"
                    return "\(place) \(socket.address) \(socket.portValue) \(endpoint.healthStatus) \(endpoint.loadBalancingWeight)"
                }
            }
        }
        let endpoints: [Locality]
    }

    private func assignment(_ test: TestRegistry, _ name: String, status: ZoneStatus = .current) throws -> LoadAssignment? {
        let services = try ServedServicesTests.services(test, status)
        return services.assignment(name, in: services.everyZone)
    }

    private func lines(_ test: TestRegistry, _ name: String) throws -> [String] {
        let text = try #require(try assignment(test, name)).text
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Assignment.self, from: Data(text.utf8)).endpoints.flatMap(\.lines)
    }

    private func address(_ last: UInt32) -> ProviderHost { .ipv4(.init(value: 0x0A00_0000 + last)) }

    @Test func `priorities begin with 0 and leave none out, weight 0 comes last, parts of the network are apart`() throws {
        var test = TestRegistry()
        let eu = ProviderDetails(zone: "eu\"1")
        test.add("web", "a", Provider(host: address(1), port: 80, weight: 0, priority: 10))
        test.add("web", "b", Provider(host: address(2), port: 81, weight: 7, priority: 10, details: eu))
        test.add("web", "c", Provider(host: address(3), port: 82, priority: 60_000, details: ProviderDetails(status: .draining)))
        test.add("web", "d", Provider(host: address(4), port: 83, details: ProviderDetails(status: .down)))
        #expect(
            try lines(test, "web") == [
                "0 eu\"1 10.0.0.2 81 HEALTHY 7", "1 - 10.0.0.1 80 HEALTHY 1", "2 - 10.0.0.3 82 DRAINING 1",
            ])
    }

    @Test func `there are no priorities beyond 128`() throws {
        var test = TestRegistry()
        for number in UInt16(0)..<200 {
            test.add("web", InstanceName("\(number)"), Provider(host: address(1), port: number + 1, priority: number))
        }
        let found = try lines(test, "web").compactMap { Int($0.prefix { $0 != " " }) }
        #expect(found.count == 200 && Set(found) == Set(0...128))
    }

    @Test func `a host has an endpoint for each address of one family`() throws {
        var test = TestRegistry()
        let one = IPv6Address(value: 1 << 64)
        test.hosts = [
            "both.example": HostAddresses(ipv4: .known([.init(value: 0x0A00_0007), .init(value: 0x0A00_0008)]), ipv6: .known([one])),
            "six.example": HostAddresses(ipv4: .known([]), ipv6: .known([one])),
        ]
        test.add("web", "a", Provider(host: .name("both.example"), port: 80))
        test.add("web", "b", Provider(host: .name("six.example"), port: 80))
        #expect(try lines(test, "web") == ["0 - 10.0.0.7 80 HEALTHY 1", "0 - 10.0.0.8 80 HEALTHY 1", "0 - 0:0:0:1:: 80 HEALTHY 1"])
    }

    @Test func `a service that is gone has no endpoints, and of one of which nothing is known nothing is said`() throws {
        var test = TestRegistry()
        test.add("unresolved", "a", Provider(host: .name("unknown.example"), port: 80))
        test.registry.services["unknown"] = Service(reach: .unknown)
        test.registry.services["empty"] = Service()
        for name in ["gone", "empty", "other.example."] { #expect(try lines(test, name) == [], "\(name)") }
        #expect(try assignment(test, "unresolved") == nil)
        #expect(try assignment(test, "unknown") == nil)
        for status in [ZoneStatus.notReady, .expired] { #expect(try assignment(test, "web", status: status) == nil) }
    }

    @Test func `versions are equal where the endpoints are, whatever the serial`() throws {
        var test = TestRegistry()
        test.add("web", "a", Provider(host: address(1), port: 80))
        let first = LoadAssignment.response([try #require(try assignment(test, "web"))], label: "1").version
        test.add("other", "a", Provider(host: address(1), port: 80))
        let second = LoadAssignment.response([try #require(try assignment(test, "web"))], label: "2").version
        test.add("web", "b", Provider(host: address(2), port: 80))
        let third = LoadAssignment.response([try #require(try assignment(test, "web"))], label: "2").version
        #expect(first != second && PushedText.isSame(first, second) && !PushedText.isSame(second, third))
        #expect(!PushedText.isSame("", ""))
    }

    @Test func `names of files are safe`() throws {
        func name(_ cluster: String) -> String { LoadAssignment.empty(cluster)?.fileName ?? "" }
        #expect(name("web.svc.local") == "web.svc.local.json")
        #expect(name("a/b\\032é") == "a%2Fb%5C032%C3%A9.json")
        let long = [String(repeating: "a", count: 300), String(repeating: "a", count: 301)].map(name)
        #expect(long[0] != long[1] && long.allSatisfy { $0.utf8.count < 255 })
    }

    @Test func `what Envoy sends is read, and anything else refused`() throws {
        func read(_ text: String) throws -> [String] {
            let request = try DiscoveryRequest(Array(text.utf8))
            return [request.version] + request.names
        }
        let names = #""version_info":"7-a","resource_names":["a","b","a"]"#
        #expect(try read(#"{"node":{"x":[{}]},\#(names),"type_url":"\#(LoadAssignment.type)"}"#) == ["7-a", "a", "b"])
        #expect(try read(#"{"versionInfo":"7","resourceNames":["a"]}"#) == ["7", "a"])
        #expect(try read("{}") == [""])
        let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
        let many = (0...1000).map { "\"\($0)\"" }.joined(separator: ",")
        for text in [
            "", "[]", "{", #"{"resource_names":1}"#, #"{"resource_names":[1]}"#, #"{"type_url":"x"}"#, #"{"resource_names":[\#(many)]}"#,
            #"{"node":"# + String(repeating: "[", count: 100_000), #"{"a":"# + deep + "}",
        ] { #expect(throws: PushProblem.self, "\(text.prefix(40))") { try read(text) } }
    }
}
