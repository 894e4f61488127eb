import TestSupport
import Testing

/// Names that documents make, asked for as clients ask for them.
@Suite struct DocumentNamesTests {
    @Test func `MongoDB's driver finds a service by mongodb+srv`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let registered = try await zooKeeper.python(
            """
            for number in (1, 2):
                document = {"host": f"10.0.0.{number}", "port": 80, "ports": {"mongodb": 27016 + number}}
                document["attributes"] = {"authSource": "admin&replicaSet=rs0"}
                client.create(f"/providers/db/u{number}", json.dumps(document).encode(), makepath=True)
            """)
        #expect(registered.errors == "")
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        try await waitUntil("the service is served") { try server.ask("_mongodb._tcp.db.svc.local", "SRV").answer.count == 2 }
        let found = try await RunningProgram.run(
            ZooKeeperProcess.python, ["-W", "ignore", "-c", Self.script, String(server.endpoint.port)])
        #expect(
            found.output == "[('u1.db.svc.local', 27017), ('u2.db.svc.local', 27018)] admin rs0\n", "\(found.errors)")
    }

    /// The driver's reader of URIs, which asks for SRV and TXT.
    private static let script = """
        import sys
        import dns.resolver
        from pymongo import uri_parser
        resolver = dns.resolver.Resolver(configure=False)
        (resolver.nameservers, resolver.port) = (['127.0.0.1'], int(sys.argv[1]))
        dns.resolver.default_resolver = resolver
        parts = uri_parser.parse_uri('mongodb+srv://db.svc.local/')
        options = parts['options']
        print(sorted(parts['nodelist']), options['authSource'], options['replicaSet'])
        """
}
