import ProviderRegistry
import TestSupport
import Testing

@testable import ProviderDiscovery

@Suite struct RequestQueueTests {
    private func read(_ number: Int) -> WatchRequest { .read("a", instance: "\(number)") }

    @Test func `a request waits once, however often it is asked for`() {
        var queue = RequestQueue()
        for _ in 0..<3 { queue.add(.listServices) }
        #expect(queue.send() == [.listServices])
        #expect(queue.send() == [])
    }

    @Test func `one that is asked for while it is under way is sent again after its answer`() {
        var queue = RequestQueue()
        queue.add(.listServices)
        _ = queue.send()
        queue.add(.listServices)
        #expect(queue.send() == [])
        queue.answered(.listServices)
        #expect(queue.send() == [.listServices])
        queue.answered(.listServices)
        #expect(queue.send() == [])
    }

    @Test func `what is urgent does not wait for what is not, even if it was asked for as that before`() {
        var queue = RequestQueue()
        let many = (0..<1000).map(read)
        for request in many { queue.addUnhurried(request) }
        #expect(queue.send() == Array(many[..<RequestQueue.unhurriedWindow]))
        queue.add(.listServices)
        queue.add(many[900])
        #expect(queue.send() == [.listServices, many[900]])
        // Under way already: asked again, and then it is urgent.
        queue.add(many[0])
        queue.answered(many[0])
        #expect(queue.send() == [many[0], many[RequestQueue.unhurriedWindow]])
        var left = queue.send()
        var answered = Set([many[900]])
        for request in many where !answered.contains(request) {
            queue.answered(request)
            left += queue.send()
            answered.insert(request)
        }
        #expect(!left.contains(many[900]), "sent twice")
    }

    @Test func `no more than a window's worth is under way, and nothing is lost`() {
        var queue = RequestQueue()
        let all = (0..<10_000).map(read)
        for request in all { queue.add(request) }
        var sent = queue.send()
        #expect(sent.count == RequestQueue.window)
        var next = 0
        while next < sent.count {
            queue.answered(sent[next])
            sent += queue.send()
            next += 1
        }
        #expect(sent == all)
    }

    @Test func `a service with thousands of requests lets others go between`() {
        var queue = RequestQueue()
        for number in 0..<5000 { queue.add(.read("flood", instance: InstanceName("\(number)"))) }
        let first = queue.send()
        #expect(first.count == RequestQueue.window)
        queue.add(.listProviders("good"))
        queue.add(.listProviders("better"))
        for request in first.prefix(4) { queue.answered(request) }
        #expect(Set(queue.send()).isSuperset(of: [.listProviders("good"), .listProviders("better")]))
    }

    @Test func `a service with thousands of requests that never end keeps no other from its turn`() {
        var queue = RequestQueue()
        let many = (0..<RequestQueue.window + 100).map { InstanceName("\($0)") }
        // The flood begins with a turn, and goes on with the same requests.
        queue.addTurn("flood", reading: many, isHurried: false)
        let names: [ServiceName] = ["good", "better"]
        for name in names { queue.addTurn(name, reading: [InstanceName("1")], isHurried: false) }
        var wanted = Set(names.map { WatchRequest.read($0, instance: "1") })
        var underWay: [WatchRequest] = []
        for _ in 0..<4 * RequestQueue.window where !wanted.isEmpty {
            for instance in many { queue.add(.read("flood", instance: instance)) }
            underWay += queue.send()
            wanted.subtract(underWay)
            queue.answered(underWay.removeFirst())
        }
        #expect(wanted.isEmpty)
    }
}
