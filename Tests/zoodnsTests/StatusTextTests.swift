import Foundation
import ServerStatus
import Testing

@testable import zoodns

@Suite struct StatusTextTests {
    /// A status as the server sends it, with what is different from one to the next.
    private func report(now: Int64 = 1_000_000, queries: Int = 100, origin: String = "svc.local") throws -> StatusReport {
        let json = """
            {"now": \(now), "started": \(now % 7), "version": "zoodns 1", "host": "ns1", "listening": ["127.0.0.1:53"],
             "verdict": {"state": "warn", "text": "stale", "advice": "so"},
             "zookeeper": {"state": "disconnected", "since": \(now - 5000), "servers": "zk:2181", "reconnects": 1, "expiries": 0},
             "zones": [{"origin": "\(origin)", "state": "stale", "outSince": \(now - 70000), "serial": 7, "published": \(now - 90000),
                        "services": 2, "providers": 3, "held": 1, "rejected": 1}],
             "traffic": {"queries": \(queries), "responses": {"NOERROR": \(queries), "REFUSED": 0}, "truncated": 0, "malformed": 0, "dropped": 0,
                         "connections": 0},
             "held": {"total": 1, "entries": [{"zone": "svc.local", "service": "we\\nb", "instance": "i", "host": "::1", "port": 80, "left": 61000}]},
             "rejected": {"total": 3, "entries": [{"zone": "svc.local", "path": "/p/\\u001b[2J", "reason": "no data", "excerpt": "\\u0007"}]}}
            """
        return try JSONDecoder().decode(StatusReport.self, from: Data(json.utf8))
    }

    private func change(_ services: String, state: String = "current") throws -> PublishedChange {
        let json = #"{"zone": "svc.local", "serial": 7, "state": "\#(state)", "at": 999000, "services": [\#(services)], "more": 0}"#
        return try JSONDecoder().decode(PublishedChange.self, from: Data(json.utf8))
    }

    @Test func `the text says what the page says`() throws {
        let changes = [
            try change(#"{"name": "web", "providers": 3, "held": 1, "before": 4}"#),
            try change(#"{"name": "new", "providers": 1, "held": 0}, {"name": "old", "held": 0, "before": 2}"#, state: "stale"),
        ]
        let text = StatusText(try report()).lines(changes).joined(separator: "\n")
        #expect(
            text
                == #"""
                [!] stale
                so
                zoodns 1 at ns1, up 16 min, listening at 127.0.0.1:53
                zookeeper disconnected since 5 s ago, servers zk:2181, 1 reconnects, 0 sessions expired

                  zone        answers are   as of            last change       serial   services   providers   held   rejected
                  svc.local   stale         1 min 10 s ago   1 min 30 s ago   7        2          3           1      1

                queries 100   NOERROR 100   truncated 0   malformed 0   not answered 0   TCP connections 0

                held
                  "we\nb"   [::1]:80   i   for 1 min 1 s once zookeeper is back

                rejected
                  "/p/\u{1B}[2J"   no data   \u{07}
                  and 2 more

                changes
                  1 s ago  svc.local, serial 7  web -1: 3 providers, 1 of them held
                  1 s ago  svc.local, serial 7, stale
                    new is new: 1 provider
                    old is gone
                """#.replacing("last change       serial", with: "last change      serial"))
    }

    @Test func `nothing of the registry controls a terminal`() throws {
        var screen = TopScreen()
        screen.take(try report(origin: "\\u001b]0;x\\u0007é"), [])
        let lines = StatusText(try report(origin: "\\u001b]0;x\\u0007é")).lines([]) + screen.lines(50)
        #expect(lines.allSatisfy { $0.unicodeScalars.allSatisfy { 32...126 ~= $0.value } })
    }

    @Test func `top shows the rates between two answers, also when the program has started again`() throws {
        var screen = TopScreen()
        screen.take(try report(now: 1_000_000, queries: 100), [])
        #expect(screen.lines(40).contains("queries a second: from the next second on"))
        screen.take(try report(now: 1_002_000, queries: 3100), [])
        #expect(screen.lines(40).contains("queries a second   1500   peak 1500   █"))
        #expect(screen.lines(40).contains("answers a second   NOERROR 1500"))
        screen.take(try report(now: 1_003_000, queries: 3105), [])
        #expect(screen.lines(40).contains("queries a second   5.0   peak 1500   █▁"))
        screen.take(try report(now: 1_004_000, queries: 5), [])
        #expect(screen.lines(40).contains("queries a second   5.0   peak 1500   █▁"))
    }

    @Test func `top shows what is asked most where that is sampled, in half of the space that is left`() throws {
        var screen = TopScreen()
        screen.take(try report(), [])
        #expect(!screen.lines(40).contains { $0.hasPrefix("asked most") })
        let asked = (1...30).map { AskedQuestion(name: "n\u{1B}\($0).svc.local.", type: "A", queriesPerSecond: Double(3000 / $0)) }
        screen.take(try report(), [], asked)
        let lines = screen.lines(40)
        #expect(lines.contains("  3000   A   \"n\\u{1B}1.svc.local.\""))
        #expect((5...20).contains(lines.count { $0.contains("svc.local.\"") }))
        #expect(lines.contains("changes, the newest first"))
    }

    @Test func `a screen has as many lines as it may, the last of which says how to end`() throws {
        var screen = TopScreen()
        screen.take(try report(), [])
        for count in [1, 5, 24, 200] { #expect(screen.lines(count).count == count) }
        #expect(screen.lines(24).last == "q ends")
        screen.fail("no answer")
        #expect(screen.lines(24).first == "[!!] no answer")
    }
}
