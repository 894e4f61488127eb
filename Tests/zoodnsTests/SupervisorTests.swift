import ServerStatus
import TestSupport
import Testing

@testable import zoodns

/// The protocol of `sd_notify`, octet by octet.
@Suite struct SupervisorTests {
    @Test func `each notice is written as the protocol has it`() {
        #expect(SupervisorNotice.ready.text == "READY=1")
        #expect(SupervisorNotice.alive.text == "WATCHDOG=1")
        #expect(SupervisorNotice.status("no\nsecond line\r\n").text == "STATUS=no second line")
        #expect(SupervisorNotice.reloading(microseconds: 12).text == "RELOADING=1\nMONOTONIC_USEC=12")
        #expect(SupervisorNotice.stopping(within: .seconds(39)).text == "STOPPING=1\nEXTEND_TIMEOUT_USEC=39000000")
        #expect(SupervisorNotice.stopping(within: .seconds(Int64.max / 2)).text.hasPrefix("STOPPING=1\nEXTEND_TIMEOUT_USEC=1"))
    }

    @Test(arguments: [false, true]) func `messages arrive at a path and at an abstract name, whole`(_ isAbstract: Bool) async throws {
        let socket = try SupervisorSocket(isAbstract: isAbstract)
        let supervisor = try #require(Supervisor(["NOTIFY_SOCKET": socket.place]))
        await supervisor.tell(.ready, .status("all is well"))
        await supervisor.tell(.alive)
        #expect(socket.messages == ["READY=1\nSTATUS=all is well", "WATCHDOG=1"])
    }

    @Test func `a place that is no socket's name is no supervisor, and one where no program listens is no error`() async throws {
        for place in ["", "@", "/", "relative", "vsock:2:1", "/" + String(repeating: "x", count: 108)] {
            #expect(Supervisor(["NOTIFY_SOCKET": place]) == nil, "\(place)")
        }
        #expect(Supervisor([:]) == nil)
        await Supervisor(["NOTIFY_SOCKET": "/nowhere/at/all"])?.tell(.ready)
    }

    @Test func `signs of life are expected in the time given, by the process that is meant`() throws {
        func patience(_ variables: [String: String]) -> Duration?? {
            Supervisor(variables.merging(["NOTIFY_SOCKET": "/run/x"]) { $1 }, process: 7)?.patience
        }
        #expect(patience(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"]) == .some(.seconds(30)))
        #expect(patience(["WATCHDOG_USEC": "30000000"]) == .some(.seconds(30)))
        for variables in [
            ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"], ["WATCHDOG_USEC": "0"], ["WATCHDOG_USEC": "-1"], ["WATCHDOG_USEC": "soon"],
            [:],
        ] { #expect(patience(variables) == .some(nil), "\(variables)") }
    }
}
