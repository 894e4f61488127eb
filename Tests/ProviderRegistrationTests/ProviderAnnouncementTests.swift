import ProviderRegistration
import Testing

@Suite struct ProviderAnnouncementTests {
    @Test func `the document is host and port, and what was asked for`() throws {
        let plain = try ProviderAnnouncement(service: "a", host: "127.0.0.1", port: 80)
        #expect(plain.document == #"{"host": "127.0.0.1", "port": 80}"#)
        let full = try ProviderAnnouncement(service: "a", host: "127.0.0.1", port: 80, weight: 5, priority: 1)
        #expect(full.document == #"{"host": "127.0.0.1", "port": 80, "weight": 5, "priority": 1}"#)
    }

    @Test func `without a host and an instance it shows those that it chose`() throws {
        let announcement = try ProviderAnnouncement(service: "a", port: 80)
        #expect(announcement.document == #"{"host": "\#(announcement.host)", "port": 80}"#)
        #expect(try announcement.instance != ProviderAnnouncement(service: "a", port: 80).instance)
    }

    @Test func `what cannot be a znode or a provider is refused`() {
        #expect(throws: AnnouncementError.badName("a/b")) { try ProviderAnnouncement(service: "a/b", host: "127.0.0.1", port: 80) }
        #expect(throws: AnnouncementError.badName("")) { try ProviderAnnouncement(service: "a", host: "127.0.0.1", port: 80, instance: "") }
        #expect(throws: AnnouncementError.self) { try ProviderAnnouncement(service: "a", host: "127.0.0.1", port: 0) }
        #expect(throws: AnnouncementError.self) { try ProviderAnnouncement(service: "a", host: "no host", port: 80) }
    }
}
