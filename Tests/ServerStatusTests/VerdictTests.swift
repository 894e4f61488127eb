import Testing

@testable import ServerStatus

@Suite struct VerdictTests {
    private func zone(_ origin: String, _ state: String, held: Int = 0) -> StatusReport.Zone {
        StatusReport.Zone(
            origin: origin, state: state, outSince: nil, serial: nil, published: nil, services: 0, providers: 0, held: held, rejected: 0)
    }

    @Test func `the worst is said first`() {
        let zones = [zone("a", "current"), zone("b", "stale"), zone("c", "not ready"), zone("d", "expired"), zone("e", "expired")]
        let texts = (1...zones.count).map { Verdict(Array(zones.prefix($0)), isConnected: false, isEnding: false).text }
        #expect(
            texts == [
                "Answers are current; ZooKeeper is out of reach", "b: answers are stale", "c: not read yet", "d: answers have expired",
                "d, e: answers have expired",
            ])
    }

    @Test func `held providers are said of any verdict`() {
        let good = Verdict([zone("a", "current", held: 1)], isConnected: true, isEnding: false)
        #expect(good.state == .good)
        #expect(good.advice == "1 provider is held although its znode has vanished.")
        let stale = Verdict([zone("a", "stale", held: 2)], isConnected: true, isEnding: true)
        #expect(stale.advice == "Clients get the last answers that were right. 2 providers are held although their znodes have vanished.")
    }

    @Test func `all is well only in a session, and not at the end`() {
        let zones = [zone("a", "current")]
        #expect(Verdict(zones, isConnected: true, isEnding: false) == Verdict(state: .good, text: "All answers are current", advice: ""))
        #expect(Verdict(zones, isConnected: true, isEnding: true).state == .warn)
        #expect(Verdict(zones, isConnected: false, isEnding: false).state == .warn)
    }
}
