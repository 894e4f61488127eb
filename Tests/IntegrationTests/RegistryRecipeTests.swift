import Foundation
import TestSupport
import Testing

/// The files of `examples/registries` with znodes as those registries' writers leave them, in one ZooKeeper.
@Suite struct RegistryRecipeTests {
    /// A file's name, where ZooKeeper is chrooted to, its znodes, and records that are made of them.
    private struct Recipe {
        let file: String
        var chroot = ""
        let znodes: [(path: String, data: String)]
        let records: [String]
    }

    private static let recipes = [
        Recipe(
            file: "registrator", chroot: "/r1",
            znodes: [
                (
                    "/services/web/10.0.0.5:32768",
                    #"{"Name":"web","IP":"10.0.0.5","PublicPort":32768,"PrivatePort":80,"ContainerID":"c0ffee","Tags":["a"],"Attrs":{"k":"v"}}"#
                )
            ], records: ["web.svc.local. A 10.0.0.5", "_web._tcp.svc.local. SRV 0 1 32768"]),
        Recipe(
            file: "kratos",
            znodes: [
                (
                    "/microservices/web/1",
                    #"{"id":"1","name":"web","version":"2","metadata":{"k":"v"},"endpoints":["http://10.0.0.6:8000?isSecure=false","grpc://10.0.0.6:9000"]}"#
                )
            ],
            records: ["web.svc.local. A 10.0.0.6", "_web._tcp.svc.local. SRV 0 1 8000", "_grpc._tcp.web.svc.local. SRV 0 1 9000"]),
        Recipe(
            file: "hadoop",
            znodes: [
                (
                    "/registry/users/devteam/hbase/tables/components/container-1",
                    #"{"type":"JSONServiceRecord","description":"","external":[{"api":"http://","addressType":"host/port","protocol":"REST","addresses":[{"host":"10.0.0.7","port":"48551"}]}],"internal":[],"yarn:id":"container-1","yarn:persistence":"container"}"#
                ),
                ("/registry/users/devteam/hbase/tables", #"{"type":"JSONServiceRecord","yarn:id":"application-1"}"#),
            ], records: ["tables.hbase.devteam.svc.local. A 10.0.0.7", "tables.hbase.devteam.svc.local. SRV 0 1 48551"]),
        Recipe(
            file: "mesos",
            znodes: [
                (
                    "/mesos/json.info_0000000007",
                    #"{"address":{"hostname":"h","ip":"10.1.1.9","port":5050},"hostname":"h","id":"x","ip":151060746,"pid":"master@10.1.1.9:5050","port":5050,"version":"1.6.0"}"#
                ), ("/mesos/log_replicas/0000000001", "x"),
            ], records: ["mesos.svc.local. A 10.1.1.9", "_mesos._tcp.svc.local. SRV 0 1 5050"]),
        Recipe(
            file: "solr", znodes: [("/live_nodes/10.0.0.8:8983_solr", "")],
            records: ["live_nodes.svc.local. A 10.0.0.8", "live_nodes.svc.local. SRV 0 1 8983"]),
        Recipe(
            file: "hbase", znodes: [("/hbase/rs/10.0.0.9,16020,1600000000000", ""), ("/hbase/master", "PBUF")],
            records: ["rs.svc.local. A 10.0.0.9", "rs.svc.local. SRV 0 1 16020"]),
        Recipe(
            file: "go-kit", chroot: "/r2",
            znodes: [("/services/web/_c_0123456789abcdef0123456789abcdef-0000000003", "10.0.0.10:8080")],
            records: ["web.svc.local. A 10.0.0.10", "_web._tcp.svc.local. SRV 0 1 8080"]),
        Recipe(
            file: "kitex", chroot: "/r3", znodes: [("/web/10.0.0.11:8888", #"{"Weight":10,"Tags":{}}"#)],
            records: ["web.svc.local. A 10.0.0.11", "_web._tcp.svc.local. SRV 0 1 8888"]),
    ]

    @Test func `every file serves what its registry's writers leave`() async throws {
        let folder = RunningProgram.root.appending(path: "examples/registries")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(files.sorted() == Self.recipes.map { "\($0.file).yaml" }.sorted())
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let znodes = Self.recipes.flatMap { recipe in recipe.znodes.map { ["\(recipe.chroot)\($0.path)", $0.data] } }
        let text = String(decoding: try JSONEncoder().encode(znodes), as: UTF8.self)
        let loaded = try await zooKeeper.python(
            """
            for path, data in sorted(json.loads(r'''\(text)''')):
                client.ensure_path(path)
                client.set(path, data.encode())
            """)
        #expect(loaded.errors == "")
        for recipe in Self.recipes {
            let path = folder.appending(path: "\(recipe.file).yaml").path
            let zone = try await RunningProgram.run(
                RunningProgram.zoodns, ["zone", "--config", path, "--zookeeper", zooKeeper.address + recipe.chroot])
            #expect(zone.errors == "", "\(recipe.file)")
            let lines = zone.output.split(separator: "\n").map { line in
                let words = line.split(separator: " ")
                return (words.prefix(1) + words.dropFirst(3)).joined(separator: " ")
            }
            for record in recipe.records { #expect(lines.contains { $0.hasPrefix(record) }, "\(recipe.file): \(record)\n\(zone.output)") }
        }
    }
}
