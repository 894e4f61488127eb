import DNSAuthority
import Testing

@testable import ZoneCompilation

@Suite struct CompilationQueueTests {
    private func service(_ number: Int) -> ZoneCompiler.ServiceReference { .init(zone: number, owner: .root) }

    @Test func `those that cost little come first, of equal ones the first to come`() {
        var queue = CompilationQueue()
        for (number, cost) in [5, 1, 9, 1, 3].enumerated() { _ = queue.insert(service(number), cost: cost, price: cost) }
        let isNew = queue.insert(service(1), cost: 1, price: 1)
        #expect(!isNew)
        let order = (0..<6).map { _ in queue.popFirst()?.zone }
        #expect(order == [1, 3, 4, 0, 2, nil])
        #expect(queue.isEmpty)
        let isNewAgain = queue.insert(service(1), cost: 1, price: 1)
        #expect(isNewAgain)
    }

    @Test func `one that costs much comes in the end, although others always cost less`() {
        var queue = CompilationQueue()
        _ = queue.insert(service(0), cost: 100, price: 100)
        var count = 0
        repeat {
            count += 1
            _ = queue.insert(service(count), cost: 10, price: 10)
        } while queue.popFirst() != service(0)
        #expect((9...11).contains(count))
    }
}
