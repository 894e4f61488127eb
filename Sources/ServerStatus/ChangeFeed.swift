import FoundationEssentials
import Hummingbird
import Synchronization

/// Makes an event of each publication, for those who follow, and keeps the last ones for those who look.
package final class ChangeFeed: Sendable {
    let events = EventFeed()
    /// The last publications as JSON, the newest first.
    private let recent = Mutex<[String]>([])
    /// How many events there have been: a zone may be published again with its serial, as stale and as current again.
    private let count = Atomic(0)

    /// Publications that are kept.
    private static let mostRecent = 20

    package init() {}

    /// Follows what changes until the task is cancelled.
    package func run(_ board: StatusBoard) async {
        for await publication in board.changes() {
            let facts = publication.zone
            guard let serial = facts.serial else { continue }
            let published = PublishedChange(
                zone: facts.origin.plainText, serial: serial, state: facts.status.text,
                at: WallTime.milliseconds(facts.published ?? .now), services: publication.services, more: publication.more)
            post(published)
        }
    }

    /// Makes an event of a publication.
    func post(_ change: PublishedChange) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // JSON of one line: what ends a line is escaped in it (RFC 8259 §7).
        guard let json = try? String(decoding: encoder.encode(change), as: UTF8.self) else { return }
        recent.withLock { $0 = [json] + $0.prefix(Self.mostRecent - 1) }
        let number = count.add(1, ordering: .relaxed).newValue
        events.post(EventFeed.Event(id: "\(change.zone)/\(change.serial)/\(number)", kind: "publish", data: json))
    }

    /// The last publications, the newest first, as a JSON array.
    var recentJSON: String { "[" + recent.withLock { $0 }.joined(separator: ",") + "]" }
}

/// One publication of a zone: what is different from the last one.
package struct PublishedChange: Codable, Sendable {
    /// The zone's origin.
    package let zone: String
    package let serial: UInt32
    /// `current`, `stale` or `expired`.
    package let state: String
    /// When, in milliseconds since 1970.
    package let at: Int64
    /// The services that have changed, the first of them.
    package let services: [ServiceChange]
    /// How many more there are.
    package let more: Int
}

/// What became of a service between two publications.
package struct ServiceChange: Codable, Equatable, Sendable {
    /// The service's name, cut where it is very long.
    package let name: String
    /// How many providers it has now, held ones included; nil if it is gone.
    package let providers: Int?
    /// How many of them are held.
    package let held: Int
    /// How many it had; nil if it is new.
    package let before: Int?
}
