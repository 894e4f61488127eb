import DNSAuthority
import Foundation
import TestSupport
import Testing

@Suite struct FuzzSeedTests {
    @Test func `fuzzing's queries have responses that can be read`() throws {
        let folder = URL(filePath: #filePath).appending(path: "../../Fuzz/queries").standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        var registry = TestRegistry()
        registry.add("second", "u1", .init(host: .ipv4(.init(value: 1)), port: 80))
        var responder = TestResponder(seed: 1)
        for file in files {
            let query = try Array(Data(contentsOf: file))
            for transport in [Transport.udp, .tcp] {
                let response = responder.response(to: query, over: transport, from: registry.zones)
                #expect(try PacketText(response).flags.contains("qr"), "\(file.lastPathComponent)")
            }
        }
    }
}
