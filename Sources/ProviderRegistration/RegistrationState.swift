import ProviderRegistry
import ZooKeeperClient

/// Decides what to do so that one znode exists exactly while it is wanted. Pure: requests go out, answers and the time come in.
///
/// After each event that may matter the path is looked at; what follows from that:
///
/// | at the path | if wanted | if not |
/// | --- | --- | --- |
/// | nothing | created, parents first where they are missing | withdrawn |
/// | ours, as it must be | registered | marked, then deleted |
/// | ours, marked as withdrawn | deleted, then created | deleted once readers have seen the mark |
/// | ours, with another status | registered; the other status is kept | marked, then deleted |
/// | ours, with other data | set | marked, then deleted |
/// | left by an earlier session of ours | deleted, then created | marked, then deleted |
/// | another session's | awaited: the watch reports when it is gone | withdrawn |
///
/// An operator may set another status in the document: the znode keeps it as long as this value lives, in further sessions too.
///
/// A request that fails for want of a connection is forgotten: the path is looked at once there is one. Any other failure is reported, and
/// the path looked at again after a pause. Requests that lead to nothing that lasts, since others undo it, come ever more slowly.
struct RegistrationState {
    /// Something to ask ZooKeeper for.
    enum Request: Hashable, Sendable {
        /// Read the znode and watch it.
        case look
        case create
        /// Create one of the parents, known by its place from the top.
        case createParent(Int)
        /// Create the chroot that all paths lie below.
        case createChroot
        case set(version: Int32)
        /// Write the mark of a withdrawal behind the data.
        case mark(version: Int32)
        case delete(version: Int32)
    }

    /// What comes back.
    enum Answer: Sendable {
        /// What is at the path; nil for nothing.
        case found(ZnodeContent?)
        case done
        case failed(ZooKeeperError)

        /// There was no answer, for want of a connection or session.
        var isPassing: Bool { if case .failed(let error) = self { error.isPassing } else { false } }
    }

    /// The znode's path.
    let path: String
    /// The znode's document: the announced one, or that with the status that another client has set.
    private(set) var document: [UInt8]
    /// The document as it may be, with the status that each form has.
    private let forms: [(document: [UInt8], status: ProviderAnnouncement.Status)]
    /// The paths above it, from the top.
    let parents: [String]

    /// How long a marked znode stays: readers learn of the mark by a watch and then read it, but of a deletion at once.
    static let markTime: Duration = .milliseconds(250)

    /// How long a znode that is as wanted is believed without a look: a watch may have been lost.
    private static let longestTrust: Duration = .seconds(60)

    private(set) var isWanted = true
    private var session: Int64?
    private var isConnected = false
    /// Sessions before this one, of which znodes may be left.
    private var earlierSessions: [Int64] = []
    /// Most earlier sessions that are known: those of an hour, at one each half minute.
    private static let mostEarlierSessions = 120
    /// When the mark was first seen at the path, since the znode is wanted no more.
    private var markedAt: ContinuousClock.Instant?
    /// Whether ZooKeeper does not let us write the mark.
    private var isMarkRefused = false
    private var underWay = false
    /// The next request; nil while there is nothing to do.
    private var next: Request? = .look
    /// When `next` may be sent; nil for at once.
    private var pause: ContinuousClock.Instant?
    private var pace: RequestPace
    private var refusals = Backoff(longest: .seconds(5))
    /// What ZooKeeper refused last, until something else has come of a look.
    private var refusal: String?
    private var events: [RegistrationEvent] = []
    /// What was last reported of the znode.
    private var reported = Reported.nothing

    private enum Reported: Equatable {
        case nothing
        case registered
        case suspended
        case lost(RegistrationEvent.Reason)
        case withdrawn
    }

    /// A znode that must be there from now on.
    init(path: String, document: [UInt8]) {
        self.path = path
        self.document = document
        let announced = (try? ProviderDocument(document))?.provider.status ?? .up
        forms =
            [(document: document, status: ProviderAnnouncement.Status(announced))]
            + ProviderStatus.allCases.compactMap { status in
                StatusMember.set(status, in: document).map { (document: $0, status: ProviderAnnouncement.Status(status)) }
            }
        let names = path.split(separator: "/")
        parents = names.indices.dropFirst().map { "/" + names[..<$0].joined(separator: "/") }
        pace = RequestPace(parents: parents.count)
    }

    /// The document with the mark of a withdrawal; nil if it is too long for one.
    var markedDocument: [UInt8]? { WithdrawalMark.mark(document) }

    /// Whether the znode is not to be there, and is not: without a session of ours there has never been one.
    var isWithdrawn: Bool { !isWanted && (reported == .withdrawn || session == nil) }

    /// Whether clients may be sent to the provider, as far as is known.
    var isAnnounced: Bool { reported == .registered || reported == .suspended }

    /// When to ask for a request although nothing has come in; nil if never.
    var deadline: ContinuousClock.Instant? {
        guard isConnected, !underWay, next != nil else { return nil }
        return [pause, pace.next].compactMap(\.self).max()
    }

    /// What has happened since it was last asked for.
    mutating func takeEvents() -> [RegistrationEvent] {
        defer { events = [] }
        return events
    }

    /// The request to send now, if there is one; its answer is to be given before there is another.
    mutating func takeRequest(at now: ContinuousClock.Instant) -> Request? {
        let isTime = [pause, pace.next].allSatisfy { $0.map { $0 <= now } ?? true }
        guard isConnected, !underWay, isTime, let request = next else { return nil }
        pace.spend(at: now)
        underWay = true
        next = nil
        pause = nil
        return request
    }
}

// MARK: Events

extension RegistrationState {
    /// Takes in whether the znode is wanted.
    mutating func want(_ isWanted: Bool) {
        guard isWanted != self.isWanted else { return }
        self.isWanted = isWanted
        (markedAt, isMarkRefused) = (nil, false)
        // It is our own will, which others cannot make us change: no reason to wait.
        pace = RequestPace(parents: parents.count)
        look()
    }

    /// Takes in what happened to the session, or at some path.
    mutating func take(_ event: SessionEvent) {
        switch event {
        case .connected(let id, _, _):
            isConnected = true
            if let session, session != id {
                earlierSessions = earlierSessions.suffix(Self.mostEarlierSessions - 1) + [session]
                if isAnnounced { lose(.sessionExpired) }
            }
            session = id
            look()
        case .disconnected:
            isConnected = false
            if reported == .registered { report(.suspended, .suspended(path: path)) }
        // There has been a look over this connection already.
        case .watchesLost: break
        case .watch(let path): if path == self.path { look() }
        }
    }

    /// ZooKeeper does not let our credentials in; reported once until that is over.
    mutating func takeRefusal(_ reason: String) {
        guard refusal != reason else { return }
        refusal = reason
        events.append(.refused(path: path, reason: reason))
    }

    private mutating func look() {
        next = .look
        pause = nil
    }

    /// Reports why the znode is not ours any more, or not yet; once for each reason.
    private mutating func lose(_ reason: RegistrationEvent.Reason) {
        if reported != .lost(reason) { report(.lost(reason), .lost(path: path, reason)) }
    }

    private mutating func report(_ new: Reported, _ event: RegistrationEvent) {
        reported = new
        events.append(event)
    }
}

// MARK: Answers

extension RegistrationState {
    /// Takes in the answer to the request that was taken last.
    mutating func take(_ answer: Answer, to request: Request, at now: ContinuousClock.Instant) {
        underWay = false
        // Something has happened since: what the answer says may be of the time before.
        let isOvertaken = next != nil
        switch (request, answer) {
        case _ where answer.isPassing: look()
        case (.look, .found(let content)): if !isOvertaken { judge(content, at: now) }
        // From the lowest up: ZooKeeper refuses to create even what is there where its parent may not be changed.
        case (.create, .failed(.noNode)): next = parents.isEmpty ? .look : .createParent(parents.count - 1)
        case (.createParent(let index), .failed(.noNode)) where index > 0: next = .createParent(index - 1)
        // What is above the first is the chroot.
        case (.createParent, .failed(.noNode)): next = .createChroot
        case (.createChroot, .done): next = .createParent(0)
        case (.createParent(let index), .failed(let error)) where error != .nodeExists: fail(error, "\(parents[index]): ", at: now)
        case (.createChroot, .failed(let error)): fail(error, "the chroot: ", at: now)
        case (.createParent(let index), .done), (.createParent(let index), .failed(.nodeExists)):
            next = index + 1 < parents.count ? .createParent(index + 1) : .create
        case (.create, .failed(.nodeExists)), (.set, .failed(.noNode)), (.set, .failed(.badVersion)), (.mark, .failed(.noNode)),
            (.mark, .failed(.badVersion)), (.delete, .failed(.noNode)), (.delete, .failed(.badVersion)):
            look()
        case (.mark, .failed):
            isMarkRefused = true
            look()
        case (_, .failed(let error)): fail(error, at: now)
        case (_, .done), (_, .found): look()
        }
        // Whether a parent exists matters only as long as the znode is wanted.
        if isOvertaken { look() }
    }

    private mutating func judge(_ content: ZnodeContent?, at now: ContinuousClock.Instant) {
        guard let content else { return isWanted ? missing() : withdrawn() }
        let owner = content.stat.ephemeralOwner
        if owner == session || earlierSessions.contains(owner) { adopt(content.octets) }
        if !isWanted, owner == session || earlierSessions.contains(owner) {
            takeBack(content, at: now)
        } else if owner == session {
            if WithdrawalMark.isMarked(content.octets) {
                next = .delete(version: content.stat.version)
            } else if content.octets == document {
                registered(at: now)
            } else {
                if reported == .registered { lose(.overwritten) }
                next = .set(version: content.stat.version)
            }
        } else if earlierSessions.contains(owner) {
            next = .delete(version: content.stat.version)
        } else if isWanted {
            lose(.taken(owner: owner))
            settle(at: now)
        } else {
            withdrawn()
        }
    }

    /// Takes over the status that another client has set.
    private mutating func adopt(_ octets: [UInt8]) {
        guard octets != document, let form = forms.first(where: { $0.document == octets }) else { return }
        document = octets
        events.append(.statusChanged(path: path, form.status))
    }

    private mutating func takeBack(_ content: ZnodeContent, at now: ContinuousClock.Instant) {
        let isMarked = WithdrawalMark.isMarked(content.octets)
        guard isMarked || isMarkRefused || markedDocument == nil else { return next = .mark(version: content.stat.version) }
        next = .delete(version: content.stat.version)
        guard isMarked else { return }
        let start = markedAt ?? now
        (markedAt, pause) = (start, start + Self.markTime)
    }

    private mutating func missing() {
        if isAnnounced { lose(.deleted) }
        next = .create
    }

    private mutating func registered(at now: ContinuousClock.Instant) {
        refusals = Backoff(longest: .seconds(5))
        refusal = nil
        pace.succeed(at: now)
        if reported != .registered { report(.registered, .registered(path: path)) }
        settle(at: now)
    }

    private mutating func withdrawn() {
        refusal = nil
        switch reported {
        // Never ours, or reported before.
        case .nothing, .withdrawn, .lost(.taken): break
        case .registered, .suspended, .lost: events.append(.withdrawn(path: path))
        }
        reported = .withdrawn
    }

    /// Nothing to do until something happens; or for a while, in case no event reports it.
    private mutating func settle(at now: ContinuousClock.Instant) {
        next = .look
        pause = now + Self.longestTrust
    }

    /// Reports what ZooKeeper refuses, with what it was of unless that is the znode itself.
    private mutating func fail(_ error: ZooKeeperError, _ place: String = "", at now: ContinuousClock.Instant) {
        takeRefusal(place + error.text)
        next = .look
        pause = now + refusals.next()
    }
}
