import DNSAuthority
import Foundation
import IPAddressing
import ProviderRegistry
import TestSupport
import Testing

@testable import ServerStatus

/// What Prometheus is given of services.
@Suite struct ScrapeTargetsTests {
    private struct Group: Decodable {
        let targets: [String]
        let labels: [String: String]
    }

    private func groups(_ test: TestRegistry, port: String? = nil) throws -> [Group] {
        let services = try ServedServicesTests.services(test)
        var pieces = ScrapeTargetPieces(services, try services.zones(nil), port: port)
        var text = ""
        while let piece = pieces.next() { text += piece }
        return try JSONDecoder().decode([Group].self, from: Data(text.utf8))
    }

    @Test func `labels have names that Prometheus takes, and attributes take none of ours`() throws {
        var test = TestRegistry()
        let details = ProviderDetails(
            ports: [NamedPort(name: "a-b", port: 9100)],
            attributes: ["version": "2", "team.x": "q\"\n\u{1}é", "team-x": "second", "service": "forged", "é": "1"], zone: "eu-1")
        test.add("web", "one", Provider(host: .ipv4(.init(value: 0x0A00_0001)), port: 80, weight: 3, priority: 2, details: details))
        let group = try #require(try groups(test).first)
        #expect(group.targets == ["10.0.0.1:80"])
        let expected =
            "_=1 availability_zone=eu-1 held=false host=10.0.0.1 instance=one port=80 port_a_b=9100 priority=2 service=web status=up "
            + "team_x=second version=2 weight=3 zone=svc.local"
        let prefix = "__meta_zoodns_"
        #expect(group.labels.keys.allSatisfy { $0.hasPrefix(prefix) })
        #expect(group.labels.map { "\($0.key.dropFirst(prefix.count))=\($0.value)" }.sorted().joined(separator: " ") == expected)
    }

    @Test func `text of registrants is escaped`() throws {
        for text in ["q\"\n\u{1}é\\", "\u{7F}\u{2028}😀", ""] {
            #expect(try JSONDecoder().decode([String].self, from: Data("[\(PushedText.quoted(text))]".utf8)) == [text])
        }
    }

    @Test func `all services are one list, also in several pieces, and a port's name chooses providers`() throws {
        var test = TestRegistry()
        #expect(try groups(test).isEmpty)
        let details = ProviderDetails(ports: [NamedPort(name: "metrics", port: 9100)])
        for number in 0..<600 {
            let host = ProviderHost.ipv4(.init(value: 0x0A00_0000 + UInt32(number)))
            test.add("web\(number)", "one", Provider(host: host, port: 80, details: number % 2 == 0 ? details : nil))
        }
        test.add("web0", "drained", Provider(host: .ipv6(.init(value: 1 << 64)), port: 81, details: ProviderDetails(status: .draining)))
        let all = try groups(test)
        #expect(Set(all.flatMap(\.targets)).count == 601)
        #expect(all.first { $0.targets == ["[0:0:0:1::]:81"] }?.labels["__meta_zoodns_status"] == "draining")
        #expect(try groups(test, port: "metrics").flatMap(\.targets).filter { $0.hasSuffix(":9100") }.count == 300)
        #expect(try groups(test, port: "metrics").count == 300)
    }
}
