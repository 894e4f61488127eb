import DNSAuthority
import IPAddressing
import ProviderRegistry
import TestSupport
import Testing
import ZoneCompilation

@Suite struct MostAnswersTests {
    private func service(_ numbers: some Sequence<Int>, weight: (Int) -> UInt16 = { _ in 1 }) -> Service {
        let registrations = numbers.map { number in
            let provider = Provider(host: .ipv4(.init(value: 0x0A00_0000 + UInt32(number))), port: 80, weight: weight(number))
            return (InstanceName("u\(number)"), Registration(creationZxid: Int64(number), provider: provider))
        }
        return Service(registrations: Dictionary(uniqueKeysWithValues: registrations))
    }

    private func compile(_ service: Service, hosts: [String: HostAddresses] = [:]) throws -> (lines: Set<String>, [ZoneCompiler.Report]) {
        let origin = try #require(DomainName(text: "svc.local"))
        var policy = TestRegistry.policy
        policy.mostAnswers = 10
        var compiler = ZoneCompiler(origins: [origin], policy: policy, seed: 1)
        compiler.replace(with: Registry(services: ["a": service]), for: origin)
        _ = compiler.compile { _ in 1 }
        compiler.resolve(hosts)
        let zone = try #require(compiler.compile { _ in 1 }[origin])
        return (Set(MasterFile.text(of: zone).split(separator: "\n").map(String.init)), compiler.takeReports())
    }

    private func records(_ lines: Set<String>, _ owner: String, _ type: String) -> Set<String> {
        lines.filter { $0.hasPrefix("\(owner).svc.local. 5 IN \(type) ") }
    }

    @Test func `an RRset has at most so many records, the same in all forms, and all instances have their names`() throws {
        let (lines, reports) = try compile(service(0..<25))
        let srv = records(lines, "a", "SRV")
        #expect(srv.count == 10)
        #expect(records(lines, "a", "A").count == 10)
        #expect(records(lines, "_a._tcp", "SRV").count == 10)
        for number in 0..<25 {
            #expect(records(lines, "u\(number).a", "A").count == 1)
            #expect(records(lines, "u\(number).a", "SRV") == ["u\(number).a.svc.local. 5 IN SRV 0 1 80 u\(number).a.svc.local."])
        }
        let targets = Set(srv.compactMap { $0.split(separator: " ").last })
        let addresses = targets.flatMap { target in
            lines.filter { $0.hasPrefix("\(target) 5 IN A ") }.compactMap { $0.split(separator: " ").last }
        }
        #expect(Set(addresses) == Set(records(lines, "a", "A").compactMap { $0.split(separator: " ").last }), "the same providers")
        #expect(reports == [.limited(owner: try #require(DomainName(text: "a.svc.local")), records: 25)])
    }

    @Test func `the choice is stable`() throws {
        let before = records(try compile(service(0..<25)).lines, "a", "SRV")
        for numbers in [Array(0..<26), (0..<25).filter { $0 != 12 }, Array(1..<25)] {
            #expect(records(try compile(service(numbers)).lines, "a", "SRV").subtracting(before).count <= 1)
        }
    }

    @Test func `providers of weight 0 are left out first`() throws {
        let lines = try compile(service(0..<25) { $0 < 8 ? 1 : 0 }).lines
        let srv = records(lines, "a", "SRV")
        #expect(srv.count == 10)
        #expect(srv.filter { $0.contains(" SRV 0 1 80 ") }.count == 8)
        for number in 0..<8 { #expect(lines.contains("a.svc.local. 5 IN A 10.0.0.\(number)")) }
    }

    @Test func `providers of the first priority are never left out for others`() throws {
        for first in 0..<25 {
            var service = service(0..<25)
            for number in 0..<25 where number != first { service.registrations["u\(number)"]?.provider.priority = 1 }
            let lines = try compile(service).lines
            #expect(lines.contains("a.svc.local. 5 IN SRV 0 1 80 u\(first).a.svc.local."))
            #expect(lines.contains("a.svc.local. 5 IN A 10.0.0.\(first)"))
        }
    }

    @Test func `a host's own addresses are as many, and what has enough is not reported`() throws {
        let provider = Provider(host: .name("h.example"), port: 80)
        let service = Service(registrations: ["u": Registration(creationZxid: 1, provider: provider)])
        func host(_ count: Int) -> [String: HostAddresses] {
            ["h.example": HostAddresses(ipv4: .known((0..<count).map { IPv4Address(value: 0x0A00_0000 + UInt32($0)) }), ipv6: .known([]))]
        }
        let (lines, reports) = try compile(service, hosts: host(30))
        #expect(records(lines, "a", "A").count == 10)
        #expect(records(lines, "u.a", "A").count == 10)
        #expect(reports.count == 1)
        #expect(try compile(service, hosts: host(10)).1 == [])
        #expect(try compile(self.service(0..<10)).1 == [])
    }
}
