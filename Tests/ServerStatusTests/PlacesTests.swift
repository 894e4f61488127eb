import Testing

@testable import ServerStatus

@Suite struct PlacesTests {
    @Test func `only so many places are taken, and one that is let go of makes room`() {
        let places = Places(4)
        var taken = (0..<5).map { _ in places.take() }
        #expect(taken.map { $0 == nil } == [false, false, false, false, true])
        taken[2] = nil
        #expect(places.take() != nil)
    }
}
