import Handoff
import Testing

@Suite struct MailboxTests {
    @Test func `messages come in order, all that have come at once`() async {
        let mailbox = Mailbox<Int>()
        for number in 0..<100 { mailbox.post(number) }
        #expect(await mailbox.next(before: nil) == Array(0..<100))
        mailbox.post(100)
        #expect(await mailbox.next(before: nil) == [100])
    }

    @Test func `an instant that passes wakes the reader without messages`() async {
        let start = ContinuousClock.now
        #expect(await Mailbox<Int>().next(before: start + .milliseconds(20)) == [])
        #expect(ContinuousClock.now >= start + .milliseconds(20))
    }

    @Test func `a cancelled reader ends`() async {
        let mailbox = Mailbox<Int>()
        let reader = Task { await mailbox.next(before: nil) }
        reader.cancel()
        #expect(await reader.value == nil)
    }
}
