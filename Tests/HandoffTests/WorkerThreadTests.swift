import Handoff
import Synchronization
import Testing

@Suite struct WorkerThreadTests {
    @Test func `work is done on a thread of its own, and waited for`() async {
        let isDone = Mutex(false)
        #expect(await WorkerThread.run { isDone.withLock { $0 = true } })
        #expect(isDone.withLock { $0 })
    }

    @Test func `a machine with threads left has some`() { #expect(WorkerThread.canStart(4)) }
}
