import Testing
import ZoneTransfer

@Suite struct TransferPolicyTests {
    @Test func `no client may transfer a zone unless it is allowed`() {
        #expect(TransferPolicy().allowed.isEmpty && TransferPolicy().allowedKeys.isEmpty)
    }
}
