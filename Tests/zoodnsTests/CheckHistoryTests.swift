import Testing

@testable import zoodns

@Suite struct CheckHistoryTests {
    private let start = ContinuousClock.now

    private func outcomes(_ results: [Bool], every step: Duration) -> [CheckHistory.Outcome] {
        var history = CheckHistory(mostFailures: 3, patience: .seconds(6))
        return results.enumerated().map { history.take(hasPassed: $1, at: start + step * $0) }
    }

    @Test func `announced at the first success, withdrawn at the third failure in a row`() {
        #expect(
            outcomes([true, true, false, false, true, false, false, false, false, true], every: .seconds(2))
                == [
                    .announced, .unchanged, .unchanged, .unchanged, .unchanged, .unchanged, .unchanged, .withdrawn, .unchanged, .announced,
                ])
    }

    @Test func `a check that has never passed is a warning, once, after the time in which a running provider is withdrawn`() {
        #expect(outcomes(Array(repeating: false, count: 5), every: .seconds(2)) == [.notYet, .unchanged, .unchanged, .overdue, .unchanged])
        #expect(outcomes([false, false, false, true], every: .milliseconds(100)) == [.notYet, .unchanged, .unchanged, .announced])
    }

    @Test func `a check that has passed before is not said to have never passed`() {
        #expect(!outcomes([false, true] + Array(repeating: false, count: 20), every: .seconds(2)).contains(.overdue))
    }
}
