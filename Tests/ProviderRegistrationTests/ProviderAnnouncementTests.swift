import Testing

@testable import ProviderRegistration
@testable import ProviderRegistry

@Suite struct ProviderAnnouncementTests {
    @Test func `the document is host and port, and what was asked for`() throws {
        let plain = try ProviderAnnouncement(service: "a", host: "127.0.0.1", port: 80)
        #expect(plain.document == #"{"host": "127.0.0.1", "port": 80}"#)
        let full = try ProviderAnnouncement(service: "a", host: "127.0.0.1", port: 80, weight: 5, priority: 1)
        #expect(full.document == #"{"host": "127.0.0.1", "port": 80, "weight": 5, "priority": 1}"#)
    }

    @Test func `what else a provider has stands in the document, in the order of the ports`() throws {
        let ports = [ProviderAnnouncement.Port("web", 8080), ProviderAnnouncement.Port("metrics", 9090)]
        let announcement = try ProviderAnnouncement(
            service: "a", host: "127.0.0.1", ports: ports, status: .draining, attributes: ["b": "2", "a": "1"], zone: "eu-1", alpn: ["h2"])
        #expect(announcement.port == 8080)
        let document = try ProviderDocument(Array(announcement.document.utf8))
        let details = try #require(document.provider.details)
        #expect(details.ports == [NamedPort(name: "web", port: 8080), NamedPort(name: "metrics", port: 9090)])
        #expect((details.status, details.zone, details.alpn) == (.draining, "eu-1", ["h2"]))
        #expect(details.attributes == ["a": "1", "b": "2"])
    }

    @Test func `Curator's readers have a document of their own`() throws {
        let announcement = try ProviderAnnouncement(service: "a", host: "127.0.0.1", port: 80, instance: "u", format: .curator)
        #expect(announcement.document.contains(#""address":"127.0.0.1""#))
        #expect(try RegistryFormat.curator.read(InstanceName("u"), Array(announcement.document.utf8)) != .nothing)
    }

    @Test func `without a host and an instance it shows those that it chose`() throws {
        let announcement = try ProviderAnnouncement(service: "a", port: 80)
        #expect(announcement.document == #"{"host": "\#(announcement.host)", "port": 80}"#)
        #expect(try announcement.instance != ProviderAnnouncement(service: "a", port: 80).instance)
    }

    @Test func `what cannot be a znode or a provider is refused`() {
        for name in ["a//b", "/a", "a/..", ""] {
            #expect(throws: AnnouncementError.badName(name)) { try ProviderAnnouncement(service: name, host: "127.0.0.1", port: 80) }
        }
        #expect(throws: AnnouncementError.badName("")) { try ProviderAnnouncement(service: "a", host: "127.0.0.1", port: 80, instance: "") }
        #expect(throws: AnnouncementError.self) { try ProviderAnnouncement(service: "a", host: "127.0.0.1", port: 0) }
        #expect(throws: AnnouncementError.self) { try ProviderAnnouncement(service: "a", host: "no host", port: 80) }
        #expect(throws: AnnouncementError.badProvider("no port")) { try ProviderAnnouncement(service: "a", host: "127.0.0.1") }
        for field in ["host", "ports", "status", "zone"] {
            #expect(throws: AnnouncementError.self) {
                try ProviderAnnouncement(service: "a", host: "127.0.0.1", port: 80, fields: [field: "x"])
            }
        }
    }
}
