import Testing

@testable import ProviderRegistration
@testable import ZooKeeperClient

/// One path of a ZooKeeper in memory, which answers the requests of a `RegistrationState`.
private struct Place {
    var state = RegistrationState(path: "/providers/a/u", document: [1])
    /// What is at the path: data, owner, version.
    var znode: (octets: [UInt8], owner: Int64, version: Int32)?
    /// How many of the parents are there, from the top.
    var parentCount = 2
    var hasChroot = true
    /// Whether the znode's data may be changed.
    var mayMark = true
    var asked: [RegistrationState.Request] = []
    var events: [RegistrationEvent] = []
    var now = ContinuousClock.now
    private var session: Int64 = 0

    /// A place at which a znode is registered by session 1.
    static var registered: Place {
        var place = Place()
        place.connect(1)
        place.settle()
        place.events = []
        return place
    }

    mutating func connect(_ id: Int64) {
        let isNew = id != session
        session = id
        state.take(.connected(id: id, timeout: .seconds(10), isNew: isNew))
    }

    mutating func fireWatch() { state.take(.watch(path: "/providers/a/u")) }

    /// Answers requests until there are none.
    mutating func settle() {
        asked = []
        while let request = state.takeRequest(at: now) {
            asked.append(request)
            state.take(answer(to: request), to: request, at: now)
            guard asked.count < 50 else { break }
        }
        events += state.takeEvents()
    }

    /// Has it taken back, and waits as long as the mark stays.
    mutating func withdraw() {
        state.want(false)
        settle()
        let first = asked
        now += RegistrationState.markTime
        settle()
        asked = first + asked
    }

    mutating func answer(to request: RegistrationState.Request) -> RegistrationState.Answer {
        switch request {
        case .look:
            return .found(
                znode.map { znode in
                    var stat = ZnodeStat(creationZxid: 1, modificationZxid: 1)
                    (stat.version, stat.ephemeralOwner) = (znode.version, znode.owner)
                    return ZnodeContent(octets: znode.octets, stat: stat)
                })
        case .create:
            guard parentCount == state.parents.count else { return .failed(.noNode) }
            guard znode == nil else { return .failed(.nodeExists) }
            znode = (state.document, session, 0)
        case .createParent(let index):
            guard index <= parentCount else { return .failed(.noNode) }
            guard index == parentCount else { return .failed(.nodeExists) }
            if !hasChroot { return .failed(.noNode) }
            parentCount += 1
        case .createChroot: hasChroot = true
        case .set(let version):
            guard let known = znode else { return .failed(.noNode) }
            guard known.version == version else { return .failed(.badVersion) }
            znode = (state.document, known.owner, version + 1)
        case .mark(let version):
            guard mayMark else { return .failed(.other(-102)) }
            guard let known = znode else { return .failed(.noNode) }
            guard known.version == version else { return .failed(.badVersion) }
            znode = (state.markedDocument ?? [], known.owner, version + 1)
        case .delete(let version):
            guard let known = znode else { return .failed(.noNode) }
            guard known.version == version else { return .failed(.badVersion) }
            znode = nil
        }
        return .done
    }
}

@Suite struct RegistrationStateTests {
    @Test func `a provider is created with its parents, once`() {
        var place = Place()
        place.parentCount = 0
        place.connect(1)
        place.settle()
        #expect(place.asked == [.look, .create, .createParent(1), .createParent(0), .createParent(1), .create, .look])
        #expect(place.events == [.registered(path: "/providers/a/u")])
        #expect(place.znode?.owner == 1)
    }

    @Test func `a chroot that is missing is made`() {
        var place = Place()
        (place.parentCount, place.hasChroot) = (0, false)
        place.connect(1)
        place.settle()
        #expect(
            place.asked == [
                .look, .create, .createParent(1), .createParent(0), .createChroot, .createParent(0), .createParent(1), .create, .look,
            ])
        #expect(place.events == [.registered(path: "/providers/a/u")])
    }

    @Test func `a parent that may not be made is named`() {
        var place = Place()
        place.connect(1)
        while let request = place.state.takeRequest(at: place.now) {
            let answer: RegistrationState.Answer =
                switch request {
                case .look: .found(nil)
                case .createParent(1): .failed(.other(-102))
                default: .failed(.noNode)
                }
            place.state.take(answer, to: request, at: place.now)
        }
        guard case .refused(_, let reason)? = place.state.takeEvents().first else { return #expect(Bool(false), "nothing is refused") }
        #expect(reason.hasPrefix("/providers/a: "))
    }

    /// ZooKeeper refuses to create even what is there, where its parent may not be changed.
    @Test func `parents that are there are not created`() {
        var place = Place()
        place.parentCount = 1
        place.connect(1)
        place.settle()
        #expect(place.asked == [.look, .create, .createParent(1), .create, .look])
    }

    @Test func `the same session's znode is kept across a reconnect`() {
        var place = Place.registered
        place.state.take(.disconnected)
        place.connect(1)
        place.settle()
        #expect(place.asked == [.look])
        #expect(place.events == [.suspended(path: "/providers/a/u"), .registered(path: "/providers/a/u")])
    }

    @Test(arguments: [true, false]) func `a new session makes it again, whether the old znode is still there or not`(_ isLeft: Bool) {
        var place = Place.registered
        if !isLeft { place.znode = nil }
        place.state.take(.disconnected)
        place.connect(2)
        place.settle()
        #expect(place.znode?.owner == 2)
        #expect(place.asked.contains(.delete(version: 0)) == isLeft)
        #expect(place.events.suffix(2) == [.lost(path: "/providers/a/u", .sessionExpired), .registered(path: "/providers/a/u")])
    }

    @Test func `a znode of somebody else is left alone, and followed when it is gone`() {
        var place = Place()
        place.znode = ([9], 77, 0)
        place.connect(1)
        place.settle()
        #expect(place.asked == [.look])
        #expect(place.events == [.lost(path: "/providers/a/u", .taken(owner: 77))])
        place.znode = nil
        place.fireWatch()
        place.settle()
        #expect(place.znode?.owner == 1)
    }

    @Test func `who lost its place while it was away says whose it is, and takes back nothing`() {
        var place = Place.registered
        place.znode = ([9], 77, 0)
        place.state.take(.disconnected)
        place.connect(2)
        place.settle()
        #expect(
            place.events.suffix(2) == [.lost(path: "/providers/a/u", .sessionExpired), .lost(path: "/providers/a/u", .taken(owner: 77))])
        place.events = []
        place.state.want(false)
        place.settle()
        #expect(place.events == [])
        #expect(place.znode?.owner == 77)
    }

    @Test func `what is deleted or overwritten comes back`() {
        var place = Place.registered
        place.znode = nil
        place.fireWatch()
        place.settle()
        #expect(place.znode?.owner == 1)
        place.znode = ([7, 7], 1, 3)
        place.fireWatch()
        place.settle()
        #expect(place.znode?.octets == [1])
        #expect(
            place.events == [
                .lost(path: "/providers/a/u", .deleted), .registered(path: "/providers/a/u"), .lost(path: "/providers/a/u", .overwritten),
                .registered(path: "/providers/a/u"),
            ])
    }

    @Test func `a withdrawal takes it back, once, and another word puts it up again`() {
        var place = Place.registered
        place.state.want(false)
        place.settle()
        #expect(!place.state.isWithdrawn)
        place.withdraw()
        #expect(place.znode == nil)
        #expect(place.state.isWithdrawn)
        #expect(place.events == [.withdrawn(path: "/providers/a/u")])
        place.state.want(true)
        place.settle()
        #expect(place.znode?.owner == 1)
    }

    @Test func `a withdrawal while it is being created takes back what comes of that`() {
        var place = Place()
        place.connect(1)
        while let request = place.state.takeRequest(at: place.now) {
            if request == .create { place.state.want(false) }
            place.state.take(place.answer(to: request), to: request, at: place.now)
        }
        place.withdraw()
        #expect(place.znode == nil)
        #expect(place.state.isWithdrawn)
    }

    @Test func `a znode that changes between the look and the request is looked at again`() {
        var place = Place.registered
        place.state.want(false)
        #expect(place.state.takeRequest(at: place.now) == .look)
        place.state.take(place.answer(to: .look), to: .look, at: place.now)
        place.znode?.version = 5
        place.withdraw()
        #expect(place.asked == [.mark(version: 0), .look, .mark(version: 5), .look, .delete(version: 6), .look])
        #expect(place.znode == nil)
    }

    @Test func `a withdrawal is marked before the deletion, with the same document for any reader`() throws {
        var place = Place.registered
        place.state.want(false)
        place.settle()
        let marked = try #require(place.znode?.octets)
        #expect(marked.starts(with: place.state.document))
        #expect(marked.dropFirst(place.state.document.count).allSatisfy { [9, 10, 13, 32].contains($0) })
        place.now += RegistrationState.markTime - .milliseconds(1)
        // Its own watch reports the mark, too.
        place.fireWatch()
        place.settle()
        #expect(place.znode != nil, "readers may not have seen it yet")
        place.now += .milliseconds(1)
        place.settle()
        #expect(place.znode == nil)
    }

    @Test func `a mark that may not be written holds up no withdrawal`() {
        var place = Place.registered
        place.mayMark = false
        place.state.want(false)
        place.settle()
        #expect(place.znode == nil)
        #expect(place.state.isWithdrawn)
    }

    @Test func `what is wanted again once it is marked is made again`() {
        var place = Place.registered
        place.state.want(false)
        place.settle()
        place.state.want(true)
        place.settle()
        #expect(place.znode?.octets == place.state.document)
        #expect(place.asked == [.look, .delete(version: 1), .look, .create, .look])
    }

    @Test func `who never had a session has nothing to take back`() {
        var place = Place()
        place.state.want(false)
        #expect(place.state.isWithdrawn)
        place.settle()
        #expect(place.asked == [])
        #expect(place.events == [])
    }

    @Test func `an answer lost with the connection is made up for`() {
        var place = Place()
        place.connect(1)
        #expect(place.state.takeRequest(at: place.now) == .look)
        place.state.take(.found(nil), to: .look, at: place.now)
        #expect(place.state.takeRequest(at: place.now) == .create)
        place.znode = ([1], 1, 0)
        place.state.take(.disconnected)
        place.state.take(.failed(.connectionLoss), to: .create, at: place.now)
        #expect(place.state.takeRequest(at: place.now) == nil)
        place.connect(1)
        place.settle()
        #expect(place.asked == [.look])
        #expect(place.events == [.registered(path: "/providers/a/u")])
    }

    @Test func `a refusal is reported and tried again after a pause`() throws {
        var place = Place()
        place.connect(1)
        #expect(place.state.takeRequest(at: place.now) == .look)
        place.state.take(.failed(.other(-102)), to: .look, at: place.now)
        #expect(place.state.takeRequest(at: place.now) == nil)
        place.now = try #require(place.state.deadline)
        place.settle()
        #expect(place.asked.first == .look)
        #expect(place.znode?.owner == 1)
        guard case .refused = place.events.first else { return #expect(Bool(false), "\(place.events)") }
    }

    @Test func `a refusal that goes on is reported once`() throws {
        var place = Place()
        place.connect(1)
        for _ in 0..<5 {
            guard let request = place.state.takeRequest(at: place.now) else { return #expect(Bool(false), "it waits") }
            place.state.take(.failed(.other(-102)), to: request, at: place.now)
            place.now = try #require(place.state.deadline)
        }
        #expect(place.state.takeEvents().count == 1)
        place.state.takeRefusal("the credentials")
        place.state.takeRefusal("the credentials")
        #expect(place.state.takeEvents() == [.refused(path: "/providers/a/u", reason: "the credentials")])
    }
}

/// Another client sets the status.
extension RegistrationStateTests {
    private static let document = Array(#"{"host": "a", "port": 1}"#.utf8)
    private static let drained = Array(#"{"host": "a", "port": 1, "status": "draining"}"#.utf8)

    private func drained() -> Place {
        var place = Place()
        place.state = RegistrationState(path: "/providers/a/u", document: Self.document)
        place.connect(1)
        place.settle()
        place.events = []
        place.znode = (Self.drained, 1, 1)
        place.fireWatch()
        place.settle()
        return place
    }

    @Test func `a status that another client sets is left alone and reported`() {
        var place = drained()
        #expect(place.asked == [.look])
        #expect(place.events == [.statusChanged(path: "/providers/a/u", .draining)])
        #expect(place.state.isAnnounced)
        place.events = []
        place.znode = (Self.document, 1, 2)
        place.fireWatch()
        place.settle()
        #expect(place.asked == [.look])
        #expect(place.events == [.statusChanged(path: "/providers/a/u", .up)])
    }

    @Test(arguments: [true, false]) func `it stays when the znode is made again in another session`(_ isLeft: Bool) {
        var place = drained()
        if !isLeft { place.znode = nil }
        place.state.take(.disconnected)
        place.connect(2)
        place.settle()
        #expect(place.znode?.owner == 2)
        #expect(place.znode?.octets == Self.drained)
    }

    @Test func `it stays when others delete or overwrite the znode`() {
        var place = drained()
        place.znode = nil
        place.fireWatch()
        place.settle()
        #expect(place.znode?.octets == Self.drained)
        place.znode?.octets = [7]
        place.fireWatch()
        place.settle()
        #expect(place.znode?.octets == Self.drained)
    }

    @Test func `a withdrawal marks the document as it is`() {
        var place = drained()
        place.state.want(false)
        place.settle()
        #expect(place.znode?.octets.starts(with: Self.drained) == true)
        place.withdraw()
        #expect(place.znode == nil)
        place.state.want(true)
        place.settle()
        #expect(place.znode?.octets == Self.drained)
    }

    @Test func `a status that is set once the withdrawal has begun is no reason to keep the znode`() {
        var place = drained()
        place.state.want(false)
        place.znode = (Self.document, 1, 2)
        place.withdraw()
        #expect(place.znode == nil)
    }
}

/// Others who do something to the path a thousand times a second.
extension RegistrationStateTests {
    enum Disturbance: CaseIterable, Sendable {
        case deletes, overwrites, takes, deletesParents, answersNothing
    }

    @Test(arguments: Disturbance.allCases) func `who is disturbed without end asks ten times a second at most, and comes back`(
        _ disturbance: Disturbance
    ) {
        var place = Place.registered
        let start = place.now
        var requests: [ContinuousClock.Instant] = []
        for number in 0..<20_000 {
            place.now += .milliseconds(1)
            switch disturbance {
            case .deletes: place.znode = nil
            case .overwrites: place.znode?.octets = [9]
            case .takes: place.znode = number.isMultiple(of: 2) ? ([9], 77, 0) : nil
            case .deletesParents: (place.znode, place.parentCount) = (nil, 0)
            case .answersNothing: break
            }
            place.fireWatch()
            while let request = place.state.takeRequest(at: place.now) {
                requests.append(place.now)
                let answer = disturbance == .answersNothing ? .failed(.sessionEnded) : place.answer(to: request)
                place.state.take(answer, to: request, at: place.now)
            }
        }
        #expect(requests.count > 10)
        // Behind the burst; and far fewer in the end.
        let distances = zip(requests.dropFirst(12), requests.dropFirst(13)).map { $0.duration(to: $1) }
        #expect(distances.allSatisfy { $0 >= .milliseconds(100) })
        #expect(requests.filter { start.duration(to: $0) > .seconds(10) }.count <= 10)
        #expect(place.state.takeEvents().count <= 20)

        place.parentCount = 2
        place.znode = nil
        place.fireWatch()
        let peace = place.now
        while place.znode?.owner != 1 {
            place.now = max(place.now, place.state.deadline ?? place.now)
            guard let request = place.state.takeRequest(at: place.now) else { return #expect(Bool(false), "it waits") }
            place.state.take(place.answer(to: request), to: request, at: place.now)
        }
        #expect(peace.duration(to: place.now) <= .seconds(6))
    }

    @Test func `who is disturbed now and then comes back at once`() {
        var place = Place.registered
        for _ in 0..<100 {
            place.now += .seconds(11)
            place.znode = nil
            place.fireWatch()
            place.settle()
            #expect(place.znode?.owner == 1)
        }
    }

    @Test func `what is withdrawn and announced by its owner waits for nothing`() {
        var place = Place.registered
        for number in 0..<100 {
            let isWanted = !number.isMultiple(of: 2)
            place.state.want(isWanted)
            place.settle()
            if !isWanted { place.withdraw() }
            #expect((place.znode == nil) == number.isMultiple(of: 2))
        }
    }
}
