import QueryTap
import Synchronization

/// What is asked most, from a sample of the queries. Bounded whatever is asked.
package final class TopQuestions: Sendable {
    /// A name and type, and how often it is asked.
    package struct Entry: Equatable, Sendable {
        /// In presentation form, with a final dot.
        package let name: String
        /// Its mnemonic.
        package let type: String
        package let queriesPerSecond: Double
    }

    /// The sample of some seconds.
    private struct Window {
        var start: ContinuousClock.Instant
        var counts = FrequentItems()
    }

    private struct State {
        var current: Window
        var last: Window?
    }

    private let state: Mutex<State>

    /// How long a window is: what is shown is of the last one or two.
    private static let length: Duration = .seconds(5)

    /// Begins with an empty sample.
    package init(now: ContinuousClock.Instant = .now) { state = Mutex(State(current: Window(start: now))) }

    /// Counts a sampled query.
    func add(_ query: UnsafeRawBufferPointer, _ now: ContinuousClock.Instant) {
        let question = QuestionReader(query)
        guard let name = question.name else { return }
        // Letters in lower case; the octets of lengths are below those of letters.
        var key = name.map { 65...90 ~= $0 ? $0 | 0x20 : $0 }
        key += [UInt8(truncatingIfNeeded: question.type >> 8), UInt8(truncatingIfNeeded: question.type)]
        state.withLock { state in
            Self.turn(&state, now)
            state.current.counts.add(key)
        }
    }

    /// The questions that were asked most in the last seconds, the most frequent first.
    package func entries(_ count: Int, at now: ContinuousClock.Instant = .now) -> [Entry] {
        let (counts, start) = state.withLock { state in
            Self.turn(&state, now)
            let merged = state.current.counts.counts.merging(state.last?.counts.counts ?? [:]) { $0 + $1 }
            return (merged, state.last?.start ?? state.current.start)
        }
        // Less than a second says little of a rate.
        let seconds = max(start.duration(to: now) / .seconds(1), 1)
        let order = counts.sorted { ($1.value, $0.key.count, $0.key.description) < ($0.value, $1.key.count, $1.key.description) }
        return order.prefix(count).map { key, count in
            var name: [UInt8] = []
            key.dropLast(2).withUnsafeBytes { name.add(name: $0, isInJSON: false) }
            var type: [UInt8] = []
            type.add(type: Int(key[key.count - 2]) << 8 | Int(key[key.count - 1]))
            let rate = Double(count) * Double(QueryInterest.sampleEvery) / seconds
            return Entry(name: String(decoding: name, as: UTF8.self), type: String(decoding: type, as: UTF8.self), queriesPerSecond: rate)
        }
    }

    private static func turn(_ state: inout State, _ now: ContinuousClock.Instant) {
        let age = state.current.start.duration(to: now)
        guard age >= length else { return }
        // One that ended long ago says nothing of the last seconds.
        state.last = age < length * 2 ? state.current : nil
        state.current = Window(start: now)
    }
}

/// Counts the items that make up more than a share of all, with bounded memory: the algorithm of Misra and Gries.
struct FrequentItems {
    private(set) var counts: [[UInt8]: Int] = [:]

    /// Items that are counted at once: one that is more than a 500th of all is never missed.
    private static let most = 500

    /// Counts an item. If there is no room, all counts become one less.
    mutating func add(_ item: [UInt8]) {
        if counts[item] != nil || counts.count < Self.most {
            counts[item, default: 0] += 1
        } else {
            counts = counts.filter { $0.value > 1 }.mapValues { $0 - 1 }
        }
    }
}
