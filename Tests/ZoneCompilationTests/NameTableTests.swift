import DNSAuthority
import ProviderRegistry
import Testing

@testable import ZoneCompilation

@Suite struct NameTableTests {
    private let origin = DomainName(text: "svc.local") ?? .root

    private func name(_ text: String) -> DomainName { DomainName(text: text + ".svc.local") ?? .root }

    private func table(_ services: ServiceName...) -> NameTable { NameTable(origin: origin, services: services) }

    @Test func `a service has a name before a service name, that before the name server, that before an instance`() {
        let table = table("a", "_tcp", "_b._tcp", "b", "dns")
        #expect(table.holder(of: name("A")) == .service)
        #expect(table.holder(of: name("_b._tcp")) == .service)
        #expect(table.holder(of: name("_a._tcp")) == .serviceName(of: name("a")))
        #expect(table.holder(of: name("_x._tcp")) == .instance(of: name("_tcp")))
        #expect(table.holder(of: name("ns.dns")) == .nameServer)
        #expect(self.table("ns.dns").holder(of: name("ns.dns")) == .service)
        #expect(table.holder(of: name("x.dns")) == .instance(of: name("dns")))
        #expect(table.holder(of: name("x")) == nil)
        #expect(table.holder(of: name("y.x.a")) == nil)
    }

    @Test func `services whose names differ in case share a name until the last is gone`() {
        var table = table("a", "A")
        #expect(Set(table.services(at: name("a"))) == ["a", "A"])
        let (isFree, isFreeNow) = (table.remove("A", at: name("a")), table.remove("a", at: name("a")))
        #expect(!isFree && isFreeNow)
        #expect(table.holder(of: name("a")) == nil)
    }

    /// What is compiled again when a service comes or goes: whatever may have to give way to it.
    @Test func `the neighbours of a service are those that may have one of its names`() {
        let table = table("a", "u.a", "_tcp", "b", "_b._tcp")
        #expect(Set(table.neighbours(of: name("u.a"))) == [name("a"), name("_tcp")])
        #expect(table.neighbours(of: name("a")) == [name("_tcp")])
        #expect(Set(table.neighbours(of: name("_b._tcp"))) == [name("_tcp"), name("b")])
        #expect(self.table("a", "b").neighbours(of: name("a")).isEmpty)
        #expect(self.table("a", "x").neighbours(of: name("x.pin._zone.a")) == [name("a")])
    }

    @Test func `a name below services is the closest one's`() {
        let table = table("a", "x.a", "_tcp.a", "pin._zone.a", "http._tcp")
        for (text, holder) in [
            ("_one.a", NameTable.Holder.one(of: name("a"))), ("u.a", .instance(of: name("a"))), ("_tcp.a", .service),
            ("_http._udp.a", .port(of: name("a"))), ("_http._tcp.a", .instance(of: name("_tcp.a"))),
            ("_http._tcp.x.a", .port(of: name("x.a"))),
            ("_http.u.a", .portHost(of: name("a"))), ("_http.x.a", .instance(of: name("x.a"))),
            ("e.1.prefer._zone.a", .place(of: name("a"))),
            ("prefer._zone.a", .place(of: name("a"))), ("e.pin._zone.a", .instance(of: name("pin._zone.a"))),
            ("1.2.version._tag.a", .tag(of: name("a"))), ("_http._tcp._tcp", .serviceName(of: name("http._tcp"))),
        ] as [(String, NameTable.Holder)] {
            #expect(table.holder(of: name(text)) == holder, "\(text)")
        }
        for text in ["version._tag.a", "_tag.a.b", "e.other._zone.a", "y.u.a", "_.u.a"] {
            #expect(table.holder(of: name(text)) == nil, "\(text)")
        }
        #expect(table.oneName(of: name("a")) == name("_one.a"))
        #expect(self.table("a", "_one.a").oneName(of: name("a")) == nil)
    }

    @Test func `an instance called like the name of one provider a query takes its digest`() {
        #expect(ServiceNaming.label(ofInstance: "_ONE") == ServiceNaming.digestLabel(ofInstance: "_ONE"))
        let provider = Provider(host: .name("h.example"), port: 80)
        let service = Service(registrations: ["_one": Registration(creationZxid: 1, provider: provider)])
        let names = table("x").instanceNames(of: MergedService([service]), at: name("x"))
        #expect(names[0] != nil && names[0] != name("_one.x"))
    }

    @Test func `a service name stands for the service without its underscore and protocol`() {
        for text in ["a", "a.b", "_a", "x._tcp"] {
            for label in ServiceNaming.protocols {
                let serviceName = ServiceNaming.serviceName(of: name(text), label, in: origin)
                #expect(serviceName?.text == "_\(text).\(label).svc.local.")
                #expect(serviceName.flatMap { ServiceNaming.owner(ofServiceName: $0, in: origin) } == name(text))
            }
        }
        #expect(ServiceNaming.owner(ofServiceName: name("_a._sctp"), in: origin) == nil)
    }

    /// A registrant chooses the names: of an instance and its twins in name only one is plain.
    @Test func `instances have different names`() {
        let provider = Provider(host: .name("h.example"), port: 80)
        func service(_ names: [InstanceName], _ first: UInt16) -> Service {
            Service(
                registrations: Dictionary(
                    uniqueKeysWithValues: names.enumerated().map { index, name in
                        var provider = provider
                        provider.port = first + UInt16(index)
                        return (name, Registration(creationZxid: Int64(index), provider: provider))
                    }))
        }
        let digest = InstanceName("i-ba7816bf8f01cfea")
        for services in [
            [service(["abc", "ABC", digest, "a.b", "_a"], 80)], [service(["abc"], 80), service(["abc"], 90)],
        ] {
            let list = table("x").instanceNames(of: MergedService(services), at: name("x"))
            let names = (0..<list.count).compactMap { list[$0] }
            #expect(Set(names).count == names.count)
            #expect(names.contains(name("abc.x")))
        }
    }
}
