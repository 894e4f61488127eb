import Testing

@testable import ServerStatus

@Suite struct EventFeedTests {
    private func event(_ number: Int) -> EventFeed.Event { EventFeed.Event(id: "svc.local/\(number)", kind: "publish", data: "{}") }

    private func text(_ numbers: some Sequence<Int>) -> [String] { numbers.map { event($0).text } }

    /// What waits for a follower that has been let go of.
    private func texts(_ following: EventFeed.Following) async -> [String] {
        var texts: [String] = []
        for await text in following.texts { texts.append(text) }
        return texts
    }

    @Test func `an event is its identifier, kind and data, a line each, and an empty line (WHATWG HTML §9.2.5)`() {
        #expect(event(7).text == "id: svc.local/7\nevent: publish\ndata: {}\n\n")
    }

    @Test func `each follower has the events from its beginning on`() async throws {
        let feed = EventFeed()
        feed.post(event(1))
        let first = try #require(feed.follow(after: nil))
        feed.post(event(2))
        let second = try #require(feed.follow(after: nil))
        feed.post(event(3))
        feed.end(first)
        feed.end(second)
        #expect(await texts(first) == text(2...3))
        #expect(await texts(second) == text(3...3))
        #expect(feed.followerCount == 0)
    }

    @Test func `a client that comes back has what it missed, one that comes from elsewhere nothing`() async throws {
        let feed = EventFeed()
        for number in 1...5 { feed.post(event(number)) }
        let back = try #require(feed.follow(after: "svc.local/3"))
        let stranger = try #require(feed.follow(after: "other/3"))
        feed.end(back)
        feed.end(stranger)
        #expect(await texts(back) == text(4...5))
        #expect(await texts(stranger) == [])
    }

    @Test func `a zone that is published again with its serial is another event`() async throws {
        let changes = ChangeFeed()
        for state in ["current", "stale", "current"] {
            changes.post(PublishedChange(zone: "svc.local", serial: 7, state: state, at: 0, services: [], more: 0))
        }
        let following = try #require(changes.events.follow(after: "svc.local/7/1"))
        changes.events.end(following)
        #expect(await texts(following).map { $0.split(separator: "\n").first } == ["id: svc.local/7/2", "id: svc.local/7/3"])
    }

    @Test func `a follower who does not keep up is let go of, and the others go on`() async throws {
        let feed = EventFeed()
        let slow = try #require(feed.follow(after: nil))
        let quick = try #require(feed.follow(after: nil))
        var iterator = quick.texts.makeAsyncIterator()
        for number in 1...1000 {
            feed.post(event(number))
            #expect(await iterator.next() == event(number).text)
        }
        #expect(feed.followerCount == 1)
        for await _ in slow.end {}
        #expect(await texts(slow).count < 1000)
    }

    @Test func `a pulse is a comment`() async throws {
        let feed = EventFeed()
        let following = try #require(feed.follow(after: nil))
        feed.pulse(following)
        feed.end(following)
        #expect(await texts(following) == [": keep-alive\n\n"])
    }

    @Test func `there is a place for so many followers, and again once one has gone`() throws {
        let feed = EventFeed()
        var followers: [EventFeed.Following] = []
        while let following = feed.follow(after: nil) { followers.append(following) }
        #expect(followers.count == 32)
        feed.end(followers[0])
        #expect(feed.follow(after: nil) != nil)
    }
}
