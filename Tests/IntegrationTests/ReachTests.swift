import Foundation
import TestSupport
import Testing

/// What is answered of a registry, or a part of it, that a real ZooKeeper does not let be read.
@Suite(.serialized) struct ReachTests {
    /// Python for the owner of the registry.
    private let owner = """
        from kazoo.security import make_digest_acl, OPEN_ACL_UNSAFE
        client.add_auth('digest', 'owner:pw')
        mine = [make_digest_acl('owner', 'pw', all=True)]

        """

    private func run(_ script: String, in zooKeeper: ZooKeeperProcess) async throws {
        let result = try await zooKeeper.python(owner + script)
        #expect(result.errors == "")
    }

    @Test func `a service whose rights are taken away is stale, then unknown, and back when it may be read; others stay current`()
        async throws
    {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        try await run("for service in ['mine', 'open']: register(service, '10.0.0.1', 80, False)", in: zooKeeper)
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--max-stale", "6s", "--reconcile", "1s", "--hold-down", "0"])
        try await waitUntil("both are served") {
            try ["mine", "open"].allSatisfy { try server.ask("\($0).svc.local", "A").answer.count == 1 }
        }
        try await run("client.set_acls('/providers/mine', mine); client.create('/providers/new', b'', acl=mine)", in: zooKeeper)
        try await waitUntil("stale") {
            let response = try server.ask("mine.svc.local", "A")
            return response.answer.count == 1 && response.edns?["ede"] == 3
        }
        try await waitUntil("what was never listed is unknown") { try server.ask("new.svc.local", "A").code == "SERVFAIL" }
        #expect(try server.ask("any.new.svc.local", "A").code == "SERVFAIL")
        try await waitUntil("unknown") { try server.ask("mine.svc.local", "A").edns?["ede"] == 22 }
        let open = try server.ask("open.svc.local", "A")
        #expect(open.answer.count == 1)
        #expect(open.edns?["ede"] == nil)
        #expect(try server.ask("absent.svc.local", "A").code == "NXDOMAIN")
        // One that starts now is no wiser.
        let fresh = try await ServingProgram(zooKeeper: zooKeeper.address)
        try await waitUntil("the open one is served") { try fresh.ask("open.svc.local", "A").answer.count == 1 }
        #expect(try fresh.ask("mine.svc.local", "SRV").edns?["ede"] == 22)
        try await run("for path in ['mine', 'new']: client.set_acls('/providers/' + path, OPEN_ACL_UNSAFE)", in: zooKeeper)
        try await waitUntil("back") {
            let response = try server.ask("mine.svc.local", "A")
            return response.answer.count == 1 && response.edns?["ede"] == nil
        }
        try await waitUntil("empty") { try server.ask("new.svc.local", "A").code == "NOERROR" }
    }

    @Test func `a root whose rights are taken away is stale, then out of reach, and back when it may be read`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        try await run("register('second', '10.0.0.1', 80, False)", in: zooKeeper)
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--max-stale", "8s", "--reconcile", "1s"])
        try await waitUntil("the address") { try server.ask("second.svc.local", "A").answer.count == 1 }
        try await run("client.set_acls('/providers', mine)", in: zooKeeper)
        try await waitUntil("stale") { try server.ask("absent.svc.local", "A").edns?["ede"] == 19 }
        #expect(try server.ask("second.svc.local", "A").answer.count == 1)
        try await waitUntil("out of reach") { try server.ask("second.svc.local", "A").edns?["ede"] == 22 }
        let fresh = try await ServingProgram(zooKeeper: zooKeeper.address)
        try await waitUntil("a word on it in the log") { fresh.program.errors.contains("not authenticated") }
        #expect(try fresh.ask("second.svc.local", "A").edns?["ede"] == 14)
        try await run("client.set_acls('/providers', OPEN_ACL_UNSAFE)", in: zooKeeper)
        for server in [server, fresh] {
            try await waitUntil("current") {
                let response = try server.ask("second.svc.local", "A")
                return response.answer.count == 1 && response.edns?["ede"] == nil
            }
        }
    }

    @Test func `an idle registry of one large service costs ZooKeeper some requests a second`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        try await run(
            """
            client.ensure_path('/providers/large')
            for start in range(0, 5000, 500):
                transaction = client.transaction()
                for number in range(start, start + 500):
                    transaction.create(f'/providers/large/{number}', b'{"host":"10.0.%d.%d","port":80}' % (number >> 8, number & 255))
                transaction.commit()
            """, in: zooKeeper)
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        try await waitUntil("the service") { try server.ask("large.svc.local", "A", isStream: true).answer.count == 100 }
        let seconds = 10.0
        let counted = try await zooKeeper.python(
            """
            import time
            def received(): return int(client.command(b'mntr').split('zk_packets_received')[1].split()[0])
            # In the first second there may be more: what the first reading left.
            time.sleep(2); before, began = received(), time.monotonic(); time.sleep(\(seconds))
            print((received() - before) / (time.monotonic() - began))
            """)
        let rate = try #require(Double(counted.output.trimmingCharacters(in: .whitespacesAndNewlines)))
        // 8.3 re-readings, and pings of two sessions.
        #expect(4...20 ~= rate)
    }
}
