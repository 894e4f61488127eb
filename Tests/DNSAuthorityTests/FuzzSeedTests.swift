import DNSAuthority
import Foundation
import TestSupport
import Testing

@Suite struct FuzzSeedTests {
    /// What each seed of the queries' fuzzer stands for.
    private let codes = [
        "edns-srv": "NOERROR", "edns-version-1": "BADVERS", "header-only": "FORMERR", "no-such-name": "NXDOMAIN", "outside": "REFUSED",
        "plain-a": "NOERROR", "plain-any": "NOERROR", "plain-axfr": "REFUSED", "plain-long-txt": "NXDOMAIN", "plain-mx": "NXDOMAIN",
        "plain-soa": "NOERROR", "plain-srv": "NOERROR", "plain-tsig": "NOTIMP", "plain-txt": "NOERROR", "plain-unknown-type": "NXDOMAIN",
        "pointer": "FORMERR",
    ]

    @Test func `each seed reaches the row of the table that it stands for`() throws {
        let folder = URL(filePath: #filePath).appending(path: "../../Fuzz/queries").standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(Set(files.map(\.lastPathComponent)) == Set(codes.keys))
        var registry = TestRegistry()
        registry.add("second", "u1", .init(host: .ipv4(.init(value: 1)), port: 80))
        var responder = TestResponder(seed: 1)
        for file in files {
            let query = try Array(Data(contentsOf: file))
            for transport in [Transport.udp, .tcp] {
                let response = try PacketText(responder.response(to: query, over: transport, from: registry.zones))
                #expect(response.code == codes[file.lastPathComponent], "\(file.lastPathComponent)")
                #expect(response.flags.contains("qr"))
            }
        }
    }
}
