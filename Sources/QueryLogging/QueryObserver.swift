import CLinux
import Glibc
import Handoff
import Logging
import QueryTap
import Synchronization

/// What is recorded of queries when the server begins.
package struct QueryObservation: Sendable {
    /// Where the query log goes; nil for none.
    package var log: QueryLogPlace?
    /// Which queries are logged at first.
    package var selection = QueryLogSelection()
    /// The socket of a dnstap receiver; nil for none.
    package var dnstap: String?
    /// What dnstap messages say of the server and the program.
    package var identity = ""
    package var version = ""
    /// Whether to know what is asked most.
    package var samples = false

    package init() {}

    /// Most octets of `dnstap`.
    package static let longestPath = DnstapSender.longestPath

    /// Whether anything is recorded.
    package var isEmpty: Bool { log == nil && dnstap == nil && !samples }
}

/// Which queries the query log has.
package struct QueryLogSelection: Equatable, Sendable {
    /// Whether it has any.
    package var isOn: Bool
    /// One of so many, at least 1.
    package var every: UInt32
    /// Of which of them.
    package var responseClass: ResponseClass

    package init(isOn: Bool = true, every: UInt32 = 1, responseClass: ResponseClass = .all) {
        (self.isOn, self.every, self.responseClass) = (isOn, max(every, 1), responseClass)
    }
}

/// Takes queries from the threads that answer, and has them logged, sent as dnstap and counted: one thread for all.
package final class QueryObserver: Sendable {
    /// Where the threads that answer record.
    package let tap: QueryTap
    /// What is asked most; nil if it is not sampled.
    package let top: TopQuestions?
    private let hasLog: Bool
    private let current: Mutex<QueryLogSelection>
    private let sinks: Mutex<QuerySinks>
    private let isStopping = Atomic(false)
    private let lineLoss = Atomic<Int>(0)
    private let messageLoss = Atomic<Int>(0)

    /// `threads`: how many will record. Throws if the query log's file cannot be opened.
    package init(_ observation: QueryObservation, threads: Int, _ logger: Logger) throws(QueryLogError) {
        tap = QueryTap(threads: threads)
        top = observation.samples ? TopQuestions() : nil
        hasLog = observation.log != nil
        current = Mutex(observation.selection)
        sinks = Mutex(try QuerySinks(observation, top, logger))
        var interest = QueryInterest()
        interest.isTapped = observation.dnstap != nil
        interest.isSampled = observation.samples
        tap.interest = interest
        if hasLog { selection = observation.selection }
    }

    /// Which queries are logged, from each thread's next batch on; nil if there is no query log, and then it stays so.
    package var selection: QueryLogSelection? {
        get { hasLog ? current.withLock { $0 } : nil }
        set {
            guard hasLog, let newValue else { return }
            current.withLock { selection in
                selection = newValue
                var interest = tap.interest
                interest.logEvery = newValue.isOn ? newValue.every : 0
                interest.logClass = newValue.responseClass
                tap.interest = interest
            }
        }
    }

    /// Lines of the query log that were not written: `zoodns_query_log_dropped_total`.
    package var droppedLines: Int { lineLoss.load(ordering: .relaxed) }
    /// Messages that no dnstap receiver got: `zoodns_dnstap_dropped_total`.
    package var droppedMessages: Int { messageLoss.load(ordering: .relaxed) }

    /// Takes what is recorded until the task is cancelled, then the rest of it.
    package func run() async throws(NoThread) {
        let hasRun = await withTaskCancellationHandler {
            await WorkerThread.run(work)
        } onCancel: {
            isStopping.store(true, ordering: .releasing)
        }
        if !hasRun { throw NoThread() }
    }

    /// How long the file and the receiver may take for the rest.
    private static let longestEnd: Duration = .milliseconds(400)
    /// Octets after which the thread looks again at once: a large part of a ring.
    private static let busy = 1 << 20
    /// Microseconds between two looks, while queries come and while none do.
    private static let shortPause: UInt32 = 2000
    private static let longPause: UInt32 = 10_000

    /// Blocks its thread.
    private func work() {
        // Of the usual length, as those of the threads that answer: there is no hurry.
        set_thread_slice(0)
        sinks.withLock { sinks in
            while !isStopping.load(ordering: .acquiring) {
                let octets = takeAll(sinks)
                if octets < Self.busy { usleep(octets > 0 ? Self.shortPause : Self.longPause) }
            }
            _ = takeAll(sinks)
            sinks.stop(.now)
            let deadline = ContinuousClock.now + Self.longestEnd
            while !sinks.hasEnded, ContinuousClock.now < deadline {
                sinks.step(.now)
                usleep(1000)
            }
            sinks.end()
            count(sinks)
            sinks.report(droppedLines, droppedMessages, .now, isLast: true)
        }
    }

    private func takeAll(_ sinks: QuerySinks) -> Int {
        let now = ContinuousClock.now
        let octets = tap.drain { sinks.take($0, now) }
        sinks.step(now)
        count(sinks)
        sinks.report(droppedLines, droppedMessages, now, isLast: false)
        return octets
    }

    private func count(_ sinks: QuerySinks) {
        let lost = tap.lost
        lineLoss.store(lost.lines &+ sinks.droppedLines, ordering: .relaxed)
        messageLoss.store(lost.messages &+ sinks.droppedMessages, ordering: .relaxed)
    }
}
