import Testing

@testable import ServerStatus

@Suite struct TransfersTests {
    @Test func `only so many master files are on their way, and one that is let go of makes room`() {
        let transfers = Transfers()
        var under = (0..<5).map { _ in transfers.begin() }
        #expect(under.map { $0 == nil } == [false, false, false, false, true])
        under[2] = nil
        #expect(transfers.begin() != nil)
    }
}
