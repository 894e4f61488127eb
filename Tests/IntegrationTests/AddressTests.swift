import Foundation
import IPAddressing
import TestSupport
import Testing

/// Addresses of interfaces that come late, or that belong to one interface only. In a network namespace of the server's own.
@Suite(.enabled(if: geteuid() == 0, "network namespaces need root"), .serialized) struct AddressTests {
    /// Has the server listen at an address in a namespace after some commands.
    private func serve(at address: String, after commands: String) throws -> RunningProgram {
        try RunningProgram(
            URL(filePath: "/usr/bin/unshare"),
            [
                "--net", "sh", "-c", commands + "; exec \"$0\" serve --zookeeper 127.0.0.1:1 --listen \"$1\"",
                RunningProgram.zoodns.path, address,
            ])
    }

    /// What a shell says inside the server's namespace.
    private func inside(_ program: RunningProgram, _ command: String) async throws -> String {
        try await RunningProgram.run(
            URL(filePath: "/usr/bin/nsenter"), ["--net=/proc/\(program.number)/ns/net", "sh", "-c", command]
        ).output
    }

    private static let dig = "dig +tries=1 +time=2 -p 5300 a.svc.local"

    @Test(arguments: [("10.99.0.1", "10.99.0.1:5300"), ("fd00:99::1", "[fd00:99::1]:5300")])
    func `an address that comes later is listened at, and answers once it is there`(_ address: String, _ endpoint: String) async throws {
        let setUp = "ip link set lo up; ip link add late type veth peer name far; ip link set late up; ip link set far up"
        let program = try serve(at: endpoint, after: setUp)
        try await waitUntil("it listens") { program.output == "listening \(endpoint) udp tcp\n" }
        try await waitUntil("it says so") { program.errors.contains("address is not there yet") }
        _ = try await inside(program, "ip addr add \(address)/\(address.contains(":") ? "64 nodad" : "24") dev late")
        for transport in ["+notcp", "+tcp"] {
            #expect(try await inside(program, "\(Self.dig) @\(address) \(transport)").contains("SERVFAIL"))
        }
        program.signal(SIGTERM)
        #expect(try await program.exitCode() == 0)
    }

    @Test func `an address whose uniqueness is still being looked into is listened at`() async throws {
        // The other end is down: without a carrier the address stays tentative.
        let program = try serve(
            at: "[fd00:99::1]:5300",
            after: "ip link set lo up; ip link add near type veth peer name far; ip link set near up; ip addr add fd00:99::1/64 dev near")
        try await waitUntil("it listens") { program.output == "listening [fd00:99::1]:5300 udp tcp\n" }
        try await waitUntil("it says so") { program.errors.contains("address is not there yet") }
        program.signal(SIGTERM)
        #expect(try await program.exitCode() == 0)
    }

    @Test func `an address of one interface is listened at, by name and by number`() async throws {
        let link = "ip link set lo up; ip link add near type veth peer name far; ip link set near up; ip link set far up"
        let setUp = link + "; ip addr add fe80::99/64 dev near nodad"
        for scope in ["near", "$(cat /sys/class/net/near/ifindex)"] {
            let program = try RunningProgram(
                URL(filePath: "/usr/bin/unshare"),
                [
                    "--net", "--mount", "sh", "-c",
                    "mount -t sysfs sysfs /sys; \(setUp); exec \"$0\" serve --zookeeper 127.0.0.1:1 --listen \"[fe80::99%\(scope)]:5300\"",
                    RunningProgram.zoodns.path,
                ])
            try await waitUntil("it listens") { program.output.wholeMatch(of: /listening \[fe80::99%\w+\]:5300 udp tcp\n/) != nil }
            for transport in ["+notcp", "+tcp"] {
                #expect(try await inside(program, "\(Self.dig) @fe80::99%near \(transport)").contains("SERVFAIL"))
            }
            #expect(!program.errors.contains("address is not there yet"))
            program.signal(SIGTERM)
            #expect(try await program.exitCode() == 0)
        }
    }

    @Test func `an interface that is not there is one line, and exit code 1`() async throws {
        let result = try await RunningProgram.run(RunningProgram.zoodns, ["serve", "--listen", "[fe80::1%nowhere]:5300"])
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("no such interface"))
        #expect(result.errors.split(separator: "\n").count == 1)
    }
}
