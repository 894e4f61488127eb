import Foundation
import TestSupport
import Testing

/// Registries of other depths than ours, in a real ZooKeeper, while they change.
@Suite(.serialized) struct DeepRegistryTests {
    /// Python for who writes such registries.
    private let writers = """
        from urllib.parse import quote
        def url(scheme, host, interface):
            return quote(f'{scheme}://{host}:20880/{interface}?interface={interface}&side={"provider" if scheme == "dubbo" else "consumer"}', safe='')
        def provide(interface, host):
            client.create(f'/dubbo/{interface}/providers/' + url('dubbo', host, interface), b'10.9.9.9', makepath=True)
        def consume(interface):
            client.create(f'/dubbo/{interface}/consumers/' + url('consumer', '10.9.9.9', interface), b'10.9.9.9', makepath=True)
        def run(job, host):
            document = {'status': 'ALIVE', 'serviceEndpoint': {'host': host, 'port': 80}, 'additionalEndpoints': {}, 'shard': 0}
            client.create(f'/aurora/{job}/member_', json.dumps(document).encode(), makepath=True, sequence=True)
        def broker(number, host):
            client.create(f'/brokers/ids/{number}', json.dumps({'host': host, 'port': 9092, 'endpoints': []}).encode(), makepath=True)

        """

    private static let zones = [
        "dubbo.local=dubbo:/dubbo", "jobs.local=serverset:/aurora/*/*/*", "kafka.local=kafka:/",
    ].flatMap { ["--zone", $0] }

    private func write(_ script: String, to zooKeeper: ZooKeeperProcess) async throws {
        let result = try await zooKeeper.python(writers + script)
        #expect(result.errors == "")
    }

    /// Waits until these names have these addresses, none for an empty text, and no name for nil.
    private func wait(_ server: ServingProgram, for addresses: [String: String?]) async throws {
        for (name, address) in addresses {
            try await waitUntil("\(name) is \(address ?? "gone")") {
                let response = try server.ask(name, "A")
                guard let address else { return response.code == "NXDOMAIN" }
                let found = response.answer.map { $0.split(separator: " ").last.map(String.init) ?? "" }.sorted()
                return response.code == "NOERROR" && found.joined(separator: " ") == address
            }
        }
    }

    @Test func `Dubbo's interfaces, Aurora's jobs and Kafka's brokers come, change and go`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, Self.zones + ["--hold-down", "0"])
        try await wait(server, for: ["com.example.Greeter.dubbo.local": nil, "hello.prod.www-data.jobs.local": nil])
        try await write(
            """
            provide('com.example.Greeter', '10.0.0.1'); consume('com.example.Lonely')
            run('www-data/prod/hello', '10.0.1.1'); run('www-data/test/hello', '10.0.1.2'); broker(0, '10.0.2.1')
            """, to: zooKeeper)
        try await wait(
            server,
            for: [
                "com.example.Greeter.dubbo.local": "10.0.0.1", "com.example.Lonely.dubbo.local": "",
                "hello.prod.www-data.jobs.local": "10.0.1.1", "hello.test.www-data.jobs.local": "10.0.1.2", "kafka.kafka.local": "10.0.2.1",
            ])
        let zone = try await RunningProgram.run(RunningProgram.zoodns, ["zone", "--zookeeper", zooKeeper.address] + Self.zones)
        for text in ["10.0.0.1", "10.0.1.1", "10.0.1.2", "10.0.2.1"] {
            #expect(zone.output.contains("A\t\(text)\n") || zone.output.contains(" \(text)\n"))
        }
        try await write(
            """
            provide('com.example.Lonely', '10.0.0.2'); provide('com.example.Greeter', '10.0.0.3')
            client.delete('/aurora/www-data/prod', recursive=True); run('www-data/test/hello', '10.0.1.3'); run('new/prod/job', '10.0.1.4')
            client.delete('/brokers/ids/0'); broker(1, '10.0.2.2')
            """, to: zooKeeper)
        try await wait(
            server,
            for: [
                "com.example.Greeter.dubbo.local": "10.0.0.1 10.0.0.3", "com.example.Lonely.dubbo.local": "10.0.0.2",
                "hello.prod.www-data.jobs.local": nil, "hello.test.www-data.jobs.local": "10.0.1.2 10.0.1.3",
                "job.prod.new.jobs.local": "10.0.1.4", "kafka.kafka.local": "10.0.2.2",
            ])
        try await write(
            "client.delete('/dubbo/com.example.Greeter', recursive=True); client.delete('/brokers/ids', recursive=True)", to: zooKeeper)
        try await wait(server, for: ["com.example.Greeter.dubbo.local": nil, "kafka.kafka.local": nil])
    }
}
