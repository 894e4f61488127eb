import DNSAuthority
import TestSupport
import Testing

/// A real NSD that has loaded the master file of a zone with names that answer for all below them gives the same answers.
///
/// Names below one without records are left out: no master file can hold them.
@Suite struct RFC4592Tests {
    @Test func `NSD answers the same from wildcards`() async throws {
        let zone = HandmadeZone.zone()
        let nsd = try await RunningNSD(origin: "svc.local", MasterFile.text(of: zone))
        let zones = ServedZones([ServedZone(zone, .current)])
        var responder = TestResponder(seed: 1)
        for name in [
            "web", "prefer.web", "*.prefer.web", "x.prefer.web", "X.y.Prefer.web", "us.prefer.web", "x.us.prefer.web", "eu.prefer.web",
            "x.eu.prefer.web", "b.eu.prefer.web", "y.x.b.eu.prefer.web", "us.pin.web", "x.other.web", "u1.web", "pin.web",
        ] {
            for type in ["A", "SRV", "TXT", "HTTPS", "SVCB", "NS"] {
                let query = QueryOctets.query(name + ".svc.local", type, opt: QueryOctets.opt())
                let ours = try PacketText(responder.response(to: query, over: .udp, from: zones))
                let theirs = try nsd.ask(name + ".svc.local", type, isStream: false)
                #expect(ours.code == theirs.code, "\(name) \(type)")
                #expect(ours.answer.map { $0.lowercased() }.sorted() == theirs.answer.map { $0.lowercased() }.sorted(), "\(name) \(type)")
            }
        }
    }
}
