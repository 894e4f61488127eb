import DNSSecurity
import Testing

@Suite struct TransactionKeyTests {
    @Test func `algorithms have the names that key files use`() {
        #expect(MACAlgorithm.allCases.map(\.rawValue) == ["hmac-sha256", "hmac-sha384", "hmac-sha512"])
    }

    @Test func `neither text nor dump has the secret`() {
        let key = TransactionKey(name: [1, 97, 0], algorithm: .sha256, secret: [201, 202, 203])
        var dumped = ""
        dump([key], to: &dumped)
        #expect("\(key)" == "a (hmac-sha256)")
        for text in ["\([key])", String(reflecting: key), dumped] { #expect(!text.contains("202") && text.contains("hmac-sha256")) }
    }
}
