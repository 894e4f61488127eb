import DNSAuthority
import Foundation
import TestSupport
import Testing

/// The queries that fuzzing starts from: each reaches the answer that it is named for, over UDP and TCP.
@Suite struct FuzzSeedTests {
    private static let expected: [String: (code: String, answers: Int)] = [
        "cookie-alone": ("FORMERR", 0), "cookie-new": ("NOERROR", 1), "cookie-valid": ("NOERROR", 1), "cookie-malformed": ("NOERROR", 1),
        "edns-srv": ("NOERROR", 1), "edns-version-1": ("BADVERS", 0), "header-only": ("FORMERR", 0), "no-such-name": ("NXDOMAIN", 0),
        "outside": ("REFUSED", 0), "plain-a": ("NOERROR", 1), "plain-any": ("NOERROR", 2), "plain-axfr": ("REFUSED", 0),
        "plain-long-txt": ("NXDOMAIN", 0), "plain-mx": ("NXDOMAIN", 0), "plain-unknown-type": ("NXDOMAIN", 0),
        "plain-soa": ("NOERROR", 0), "plain-srv": ("NOERROR", 1), "plain-tsig": ("NOTIMP", 0), "plain-txt": ("NOERROR", 0),
        "pointer": ("FORMERR", 0),
    ]

    @Test func `fuzzing's queries have the answers that they are named for`() throws {
        let folder = URL(filePath: #filePath).appending(path: "../../Fuzz/queries").standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(Set(files.map(\.lastPathComponent)) == Set(Self.expected.keys))
        var registry = TestRegistry()
        registry.add("second", "u1", .init(host: .ipv4(.init(value: 0x0A00_0001)), port: 80))
        var responder = TestResponder(seed: 1)
        for file in files {
            let query = try Array(Data(contentsOf: file))
            for transport in [Transport.udp, .tcp] {
                let response = try PacketText(responder.response(to: query, over: transport, from: registry.zones))
                #expect(response.flags.contains("qr"), "\(file.lastPathComponent)")
                #expect(response.code == Self.expected[file.lastPathComponent]?.code, "\(file.lastPathComponent)")
                #expect(response.answer.count == Self.expected[file.lastPathComponent]?.answers, "\(file.lastPathComponent)")
            }
        }
    }
}
