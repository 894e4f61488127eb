import DNSAuthority
import TestSupport
import Testing

@Suite struct RFC9460Tests {
    private func ask(_ type: String) throws -> PacketText {
        var responder = TestResponder(seed: 1)
        let zones = ServedZones([ServedZone(HandmadeZone.zone(), .current)])
        return try PacketText(responder.response(to: QueryOctets.query("web.svc.local", type), over: .udp, from: zones))
    }

    @Test func `§2.2 an HTTPS record is priority, target and parameters by ascending key`() throws {
        // The decoder takes a pointer in a target for an error.
        #expect(
            try ask("HTTPS").answer == [
                "web.svc.local. 5 HTTPS 1 . key0=00010003 key1=0268320561"
                    + "2c625c63 key3=20fb key4=0a0000010a000002 key6=20010db8000000000000000000000001 key65280=220041"
            ])
    }

    @Test func `a name without bindings has no data of their type`() throws {
        let response = try ask("SVCB")
        #expect(response.code == "NOERROR" && response.answer.isEmpty && response.authority.count == 1)
    }
}
