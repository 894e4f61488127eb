import Glibc
import Testing

@testable import zoodns

@Suite struct SignalNumberTests {
    @Test(arguments: [
        ("QUIT", SIGQUIT), ("SIGQUIT", SIGQUIT), ("sigterm", SIGTERM), ("3", SIGQUIT), ("WINCH", SIGWINCH), ("INT", SIGINT),
        ("RTMIN+3", __libc_current_sigrtmin() + 3), ("SIGRTMIN+3", __libc_current_sigrtmin() + 3),
        ("RTMAX-1", __libc_current_sigrtmax() - 1),
    ])
    func `a signal is read with or without SIG, or as a number`(_ text: String, _ number: Int32) {
        #expect(SignalNumber(text: text)?.rawValue == number)
    }

    @Test(arguments: [
        "", "SIG", "0", "-1", "65", "STOP", "CHLD", "TSTP", "SEGV", "RTMIN+99", "RTMIN-1", "RTMAX-99", "TERM ", "99999999999",
    ])
    func `what ends no program is no stop signal`(_ text: String) { #expect(SignalNumber(text: text) == nil) }

    @Test(arguments: ["SIGQUIT", "SIGTERM", "SIGRTMIN+3", "SIGRTMIN"]) func `its text reads as itself`(_ text: String) {
        #expect(SignalNumber(text: text)?.text == text)
    }
}
