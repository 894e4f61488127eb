import DNSAuthority
import ProviderRegistry
import TestSupport
import Testing

@testable import ZoneCompilation

@Suite struct ServiceNamingTests {
    private let origin = DomainName(text: "svc.local") ?? .root

    @Test func `a service with dots spans labels, and its SRV form begins in the first`() throws {
        let owner = try #require(ServiceNaming.owner(of: ServiceName("Web.Shop"), in: origin))
        #expect(owner.text == "web.shop.svc.local.")
        #expect(ServiceNaming.serviceName(of: owner, "_tcp", in: origin)?.text == "_web.shop._tcp.svc.local.")
    }

    @Test func `a service of several levels has the last one first`() throws {
        for (service, text) in [("www-data/prod/hello", "hello.prod.www-data"), ("a.b/C", "c.a.b"), ("x/y.z", "y.z.x")] {
            #expect(ServiceNaming.owner(of: ServiceName(service), in: origin)?.text == text + ".svc.local.")
        }
        for service in ["/a", "a/", "a//b", "/", "a/*", Array(repeating: "a", count: 11).joined(separator: "/")] {
            #expect(ServiceNaming.owner(of: ServiceName(service), in: origin) == nil, "\(service)")
        }
    }

    @Test func `a port's label has one underscore`() {
        #expect(ServiceNaming.label(ofPort: "http-2") == Array("_http-2".utf8))
        #expect(ServiceNaming.label(ofPort: "_http") == Array("_http".utf8))
        #expect(ServiceNaming.label(ofPort: "_") == Array("__".utf8))
    }

    @Test(arguments: ["", "a..b", ".a", "a.", "*", "*.a", "a.*.b", String(repeating: "x", count: 64)])
    func `what cannot be a domain name has none`(_ name: String) {
        #expect(ServiceNaming.owner(of: ServiceName(name), in: origin) == nil)
    }

    @Test func `a name has ten labels at most`() {
        let labels = Array(repeating: "a", count: ServiceNaming.mostLabels)
        #expect(ServiceNaming.owner(of: ServiceName(labels.joined(separator: ".")), in: origin) != nil)
        #expect(ServiceNaming.owner(of: ServiceName((labels + ["a"]).joined(separator: ".")), in: origin) == nil)
    }

    @Test func `a plain instance name is its own label in lower case, any other its digest`() {
        #expect(ServiceNaming.label(ofInstance: "U_1-x") == Array("u_1-x".utf8))
        // The first eight octets of SHA-256 of "abc" (FIPS 180-4).
        #expect(ServiceNaming.digestLabel(ofInstance: "abc") == Array("i-ba7816bf8f01cfea".utf8))
        for odd in ["a b", "a.b", "ä", "", String(repeating: "x", count: 64)] {
            #expect(ServiceNaming.label(ofInstance: InstanceName(odd)) == ServiceNaming.digestLabel(ofInstance: InstanceName(odd)))
        }
    }
}
