import IPAddressing
import Testing

@testable import ServerStatus

@Suite struct AdminServerTests {
    @Test func `an address is TCP or a unix socket`() {
        #expect(AdminAddress.tcp(SocketEndpoint(address: .v6(IPv6Address(value: 1)), port: 9153)) != .unixSocket("/run/zoodns/admin"))
    }
}
