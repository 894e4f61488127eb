import TestSupport
import Testing

@testable import QueryLogging

@Suite struct TopQuestionsTests {
    private let start = ContinuousClock.now

    private func add(_ name: String, _ type: String, to top: TopQuestions, at now: ContinuousClock.Instant) {
        QueryOctets.query(name, type).withUnsafeBytes { top.add($0, now) }
    }

    @Test func `the most frequent come first, whatever the case of their letters`() {
        let top = TopQuestions(now: start)
        for number in 0..<30 {
            add(number % 2 == 0 ? "web.svc.local" : "WEB.svc.local", "A", to: top, at: start)
            if number % 3 == 0 { add("web.svc.local", "SRV", to: top, at: start) }
        }
        let entries = top.entries(20, at: start + .seconds(2))
        #expect(entries.map(\.name) == ["web.svc.local.", "web.svc.local."])
        #expect(entries.map(\.type) == ["A", "SRV"])
        #expect(entries.map(\.queriesPerSecond) == [915.0, 305.0])
    }

    @Test func `a name is presentation form, not yet escaped for JSON`() {
        let top = TopQuestions(now: start)
        add("a\"\\ b.svc.local", "A", to: top, at: start)
        #expect(top.entries(1, at: start).map(\.name) == [#"a\"\\\032b.svc.local."#])
    }

    @Test func `what is no longer asked goes after seconds`() {
        let top = TopQuestions(now: start)
        add("old.svc.local", "A", to: top, at: start)
        #expect(top.entries(20, at: start + .seconds(6)).count == 1)
        add("new.svc.local", "A", to: top, at: start + .seconds(11))
        #expect(top.entries(20, at: start + .seconds(11)).map(\.name) == ["new.svc.local."])
        #expect(top.entries(20, at: start + .seconds(60)).isEmpty)
    }

    @Test func `a flood of names that are asked once hides none that is asked often`() {
        let top = TopQuestions(now: start)
        for number in 0..<100_000 { add(number % 20 == 19 ? "web.svc.local" : "x\(number).svc.local", "A", to: top, at: start) }
        let entries = top.entries(1, at: start + .seconds(1))
        #expect(entries.map(\.name) == ["web.svc.local."])
    }
}
