import TestSupport
import Testing

@testable import DNSAuthority

@Suite struct ServiceParameterTests {
    @Test func `a binding's parameters ascend by key in messages, and have their names in master files`() throws {
        let record = try #require(HandmadeZone.binding(.https))
        let format = try #require(RecordFormat.of(.https))
        #expect(
            format.text(of: record.octets[...]) == """
                1 . mandatory=alpn,port alpn="h2,a\\\\,b\\\\\\\\c" port=8443 ipv4hint=10.0.0.1,10.0.0.2 ipv6hint=2001:db8::1 key65280="\\"\\000A"
                """)
        #expect(record.length == record.octets.count)
    }

    @Test func `a binding without parameters is priority and target`() throws {
        let record = try #require(RecordData.binding(.svcb, priority: 0, target: HandmadeZone.name("web"), []))
        #expect(RecordFormat.of(.svcb)?.text(of: record.octets[...]) == "0 web.svc.local.")
    }

    @Test func `what no record can hold makes none`() {
        #expect(ServiceParameter.alpn([]) == nil)
        #expect(ServiceParameter.alpn([[]]) == nil)
        #expect(ServiceParameter.alpn([[UInt8](repeating: 65, count: 256)]) == nil)
        #expect(ServiceParameter.hint(ipv4: []) == nil)
        #expect(RecordData.binding(.https, priority: 1, target: .root, [.port(1), .port(2)]) == nil)
        let long = ServiceParameter(key: 9, value: [UInt8](repeating: 0, count: 40_000))
        #expect(RecordData.binding(.https, priority: 1, target: .root, [long]) != nil)
        #expect(RecordData.binding(.https, priority: 1, target: .root, [long, .init(key: 10, value: long.value)]) == nil)
        #expect(RecordData.text([]) == nil)
        #expect(RecordData.text([[UInt8](repeating: 65, count: 256)]) == nil)
        #expect(RecordData.text([[UInt8]](repeating: [UInt8](repeating: 65, count: 255), count: 256)) == nil)
        #expect(RecordData.text([[]]) == .other(.txt, [0]))
    }

    /// Keys that do not ascend, values that are none of their keys', lengths beyond the end.
    @Test(
        arguments: [
            [0, 3, 0, 2, 0, 80, 0, 1, 0, 3, 2, 104, 50], [0, 3, 0, 2, 0, 80, 0, 3, 0, 2, 0, 80], [0, 3, 0, 1, 80], [0, 1, 0, 1, 0],
            [0, 1, 0, 0],
            [0, 1, 0, 2, 2, 104], [0, 2, 0, 1, 0], [0, 4, 0, 3, 1, 2, 3], [0, 6, 0, 4, 1, 2, 3, 4], [0, 0, 0, 0], [0, 0, 0, 1, 1],
            [0, 9, 0, 2, 1],
            [0, 9, 0], [0],
        ] as [[UInt8]])
    func `RDATA that is no binding is opaque`(_ parameters: [UInt8]) {
        #expect(RecordFormat.of(.https)?.text(of: ([0, 1, 0] + parameters)[...]) == nil)
    }
}
