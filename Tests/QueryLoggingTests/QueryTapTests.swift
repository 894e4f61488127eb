import Handoff
import Synchronization
import TestSupport
import Testing

@testable import QueryTap

@Suite struct QueryTapTests {
    private let query = QueryOctets.query("web.svc.local", "A")

    @Test func `what is recorded comes out in order and whole, over the end of the memory too`() {
        let recorded = RecordedQueries { $0.isTapped = true }
        var number = 0
        var octets = 0
        while octets < 3 * recorded.ring.capacity {
            let exchanges = (0..<7).map { _ -> RecordedQueries.Copy in
                number += 1
                let query = [UInt8](repeating: UInt8(number & 255), count: 1 + number * 37 % 600)
                let response = [UInt8](repeating: UInt8(number >> 8 & 255), count: number * 101 % 5000)
                octets += query.count + response.count
                return .init(purposes: .tap, code: number % 5 == 0 ? nil : UInt16(number % 6), query: query, response: response)
            }
            #expect(recorded.batch(exchanges.map { ($0.query, $0.code, $0.response) }) == 7)
            #expect(recorded.drain() == exchanges)
        }
        #expect(recorded.tap.lost == .zero)
    }

    @Test func `what finds no room is counted for whom it was, and later queries are recorded again`() {
        let recorded = RecordedQueries {
            $0.isTapped = true
            $0.logEvery = 2
        }
        let long = [UInt8](repeating: 7, count: 60_000)
        var batches = 0
        while recorded.tap.lost == .zero, batches < 1000 {
            recorded.batch([(query, 0, long)])
            batches += 1
        }
        for _ in 0..<10 { recorded.batch([(query, 0, long), (query, nil, [])]) }
        let copies = recorded.drain()
        let lost = recorded.tap.lost
        #expect(copies.allSatisfy { $0.response == long })
        #expect(copies.count == batches - 1, "the first that found no room was the last of them")
        #expect(lost.messages == 2 + 10 * 3)
        #expect(abs(lost.lines - 21 / 2) <= 1)
        recorded.batch([(query, 3, long)])
        #expect(recorded.drain().map(\.code) == [3])
        #expect(recorded.tap.lost == lost)
    }

    @Test func `off is off, and a change counts from the next batch on`() {
        let recorded = RecordedQueries { _ in }
        #expect(recorded.batch([(query, 0, [])]) == 0)
        recorded.tap.interest.logEvery = 1
        #expect(recorded.batch([(query, 0, [])]) == 1)
        recorded.tap.interest = QueryInterest()
        #expect(recorded.batch([(query, 0, [])]) == 0)
        #expect(recorded.drain().map(\.purposes) == [.log])
        #expect(recorded.tap.lost == .zero)
    }

    @Test func `one in so many is logged, and one in 61 sampled`() {
        let recorded = RecordedQueries {
            $0.logEvery = 10
            $0.isSampled = true
        }
        for _ in 0..<610 { recorded.batch([(query, 0, query)]) }
        let copies = recorded.drain()
        #expect(copies.filter { $0.purposes.contains(.log) }.count == 61)
        #expect(copies.filter { $0.purposes.contains(.sample) }.count == 10)
        #expect(!copies.contains { $0.purposes.contains(.tap) })
    }

    @Test func `a class has the responses that CoreDNS has in it`() {
        check(.all, [0, 0, 0, 3, 2, 5, 16, nil])
        check(.denial, [0, 3])
        check(.error, [2, 5, 16])
    }

    private func check(_ responses: ResponseClass, _ expected: [UInt16?]) {
        let recorded = RecordedQueries {
            $0.logEvery = 1
            $0.logClass = responses
        }
        recorded.batch([
            // An answer, a truncated one without records, no data.
            (query, 0, response(query, answers: 1)), (query, 0, response(query, flags: 0x8700)), (query, 0, response(query)),
            (query, 3, response(query, code: 3)), (query, 2, response(query, code: 2)), (query, 5, response(query, code: 5)),
            (query, 16, response(query)), (query, nil, []),
        ])
        #expect(recorded.drain().map(\.code) == expected)
    }

    @Test func `one in so many is one of its class`() {
        let recorded = RecordedQueries {
            $0.logEvery = 3
            $0.logClass = .error
        }
        for number in 0..<90 { recorded.batch([(query, number % 3 == 0 ? 2 : 0, response(query, answers: 1))]) }
        #expect(recorded.drain().map(\.code) == Array(repeating: 2, count: 10))
    }

    @Test func `a ring whose thread has ended is forgotten once it is read, and its losses are not`() {
        let recorded = RecordedQueries { $0.isTapped = true }
        let long = [UInt8](repeating: 7, count: 60_000)
        for _ in 0..<1000 { recorded.batch([(query, 0, long)]) }
        let lost = recorded.tap.lost
        #expect(lost.messages > 0)
        recorded.ring.end()
        #expect(recorded.drain().count == 1000 - lost.messages / 2)
        #expect(recorded.tap.lost == lost)
        recorded.batch([(query, 0, long)])
        #expect(recorded.drain().isEmpty)
    }

    @Test func `a thread writes while another reads: each query comes out once as it was, or is counted`() async throws {
        let tap = QueryTap(threads: 1000)
        tap.interest.isTapped = true
        let ring = tap.makeRing()
        let isWritten = Atomic(false)
        #expect(
            WorkerThread.start {
                var recorder = QueryRecorder(ring, isStream: false, longestResponse: 4096)
                var memory = [UInt8](repeating: 0, count: 4096)
                let address = [UInt8](repeating: 0, count: 28)
                var number: UInt32 = 0
                while number < 200_000 {
                    recorder.begin()
                    for _ in 0..<64 {
                        number += 1
                        let length = Int(number % 500) + 4
                        memory.withUnsafeMutableBytes { memory in
                            guard let message = memory.baseAddress else { return }
                            message.storeBytes(of: number, as: UInt32.self)
                            guard recorder.isOn, recorder.keep(message, length: length) else { return }
                            message.storeBytes(of: ~number, toByteOffset: length & ~3, as: UInt32.self)
                            address.withUnsafeBytes { address in
                                guard let address = address.baseAddress else { return }
                                recorder.record(0, message, length: (length & ~3) + 4, from: address, to: address)
                            }
                        }
                    }
                    recorder.end()
                }
                isWritten.store(true, ordering: .releasing)
            })
        var (count, last, wrong) = (0, UInt32(0), 0)
        func take(_ record: QueryRecord) {
            count += 1
            let number = record.query.loadUnaligned(as: UInt32.self)
            let end = record.response.loadUnaligned(fromByteOffset: record.response.count - 4, as: UInt32.self)
            let isWhole = end == ~number && record.query.count == Int(number % 500) + 4
            if number <= last || !isWhole || record.times.sent < record.times.received { wrong += 1 }
            last = number
        }
        try await waitUntil("all is written and read") {
            // Asked first: what is written before is read behind.
            let isLast = isWritten.load(ordering: .acquiring)
            _ = tap.drain(take)
            return isLast
        }
        #expect(wrong == 0)
        #expect(count > 0)
        #expect(count + tap.lost.messages / 2 == 200_000)
    }
}
