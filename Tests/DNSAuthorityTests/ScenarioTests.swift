import DNSAuthority
import Foundation
import TestSupport
import Testing

@Suite struct ScenarioTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scenarios")

    @Test(arguments: try Scenario.all(in: folder))
    func `a responder answers as the scenario says`(_ scenario: Scenario) throws {
        #expect(!scenario.exchanges.isEmpty)
        let zones = TestRegistry(scenario).zones
        var responder = TestResponder(seed: 7)
        for exchange in scenario.exchanges {
            for (transport, name) in [(Transport.udp, "udp"), (.tcp, "tcp")] where exchange.isOver(name) {
                let response = responder.response(to: exchange.query, over: transport, from: zones)
                #expect(exchange.problems(try PacketText(response)) == [], "\(scenario.name) over \(name)")
            }
        }
    }
}
