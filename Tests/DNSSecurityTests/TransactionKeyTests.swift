import DNSSecurity
import Testing

@Suite struct TransactionKeyTests {
    @Test func `algorithms have the names that key files use`() {
        #expect(MACAlgorithm.allCases.map(\.rawValue) == ["hmac-sha256", "hmac-sha384", "hmac-sha512"])
    }
}
