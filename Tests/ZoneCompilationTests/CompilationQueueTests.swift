import DNSAuthority
import Testing

@testable import ZoneCompilation

@Suite struct CompilationQueueTests {
    private func service(_ number: Int) -> ServiceReference { .init(origin: .root, owner: DomainName(text: "\(number)") ?? .root) }

    private func number(_ service: ServiceReference?) -> Int? { service.flatMap { Int($0.owner.text.dropLast()) } }

    @Test func `the cheapest and the oldest come by turns, of equal ones the first to come`() {
        var queue = CompilationQueue()
        for (number, price) in [5, 1, 9, 1, 3].enumerated() { _ = queue.insert(service(number), price: price) }
        let isNew = queue.insert(service(1), price: 1)
        #expect(!isNew)
        let order = (0..<6).map { _ in self.number(queue.popFirst()) }
        #expect(order == [1, 0, 3, 2, 4, nil])
        #expect(queue.isEmpty)
        let isNewAgain = queue.insert(service(1), price: 1)
        #expect(isNewAgain)
    }

    @Test func `one that costs little waits for one other at most, and none starves`() {
        var queue = CompilationQueue()
        for number in 0..<100 { _ = queue.insert(service(number), price: 1000 + number) }
        var compiled: Set<Int> = []
        for number in 100..<300 {
            _ = queue.insert(service(number), price: 1)
            let two = (0..<2).compactMap { _ in self.number(queue.popFirst()) }
            #expect(two.contains(number))
            compiled.formUnion(two)
        }
        #expect(compiled.isSuperset(of: 0..<100))
        #expect(queue.isEmpty)
    }

    /// So many that the line closes up more than once on the way.
    @Test func `a zone awaits those of its services that waited when it was read, none that came later`() {
        var queue = CompilationQueue()
        for number in 0..<100 { _ = queue.insert(service(number), price: 1) }
        queue.awaitServices(of: .root)
        for number in 100..<110 { _ = queue.insert(service(number), price: 1000) }
        var left = 100
        while left > 0, queue.isAwaitingServices(of: .root), let next = number(queue.popFirst()) { if next < 100 { left -= 1 } }
        #expect(left == 0)
        #expect(!queue.isAwaitingServices(of: .root))
    }

    /// Those that come in again and again leave nothing behind, whichever is compiled before them.
    @Test func `what comes in again is compiled once each time`() {
        var queue = CompilationQueue()
        for number in 0..<50 { _ = queue.insert(service(number), price: number) }
        for step in 0..<10_000 {
            guard let next = queue.popFirst() else {
                Issue.record("empty at step \(step)")
                return
            }
            #expect(!queue.contains(next))
            let isNew = queue.insert(next, price: step % 50)
            #expect(isNew)
        }
        let rest = Set((0..<50).compactMap { _ in self.number(queue.popFirst()) })
        #expect(rest.count == 50)
        #expect(queue.isEmpty)
    }
}
