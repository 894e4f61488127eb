import Foundation
import TestSupport
import Testing

@testable import zoodns

@Suite struct ProcessorsTests {
    /// A folder as `/sys/fs/cgroup` is, gone with the test.
    private final class Groups {
        let path = FileManager.default.temporaryDirectory.appending(path: "zoodns-test-\(UUID().uuidString)").path

        init(_ files: [String: String]) throws {
            for (name, text) in files {
                let file = URL(filePath: path + "/" + name)
                try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    @Test(
        arguments: [
            ("max 100000\n", nil), ("150000 100000\n", 2), ("100000 100000\n", 1), ("1000 100000\n", 1), ("", nil), ("0 0\n", nil),
            ("9223372036854775807 1\n", Int.max), ("-5 100000\n", nil), ("99999999999999999999 1\n", nil),
        ] as [(String, Int?)])
    func `a quota of the second version is rounded up`(_ text: String, _ processors: Int?) throws {
        let groups = try Groups(["system.slice/zoodns.service/cpu.max": text])
        #expect(Processors.quota(of: "0::/system.slice/zoodns.service\n", below: groups.path) == processors)
    }

    @Test func `the least quota on the way up counts, and a path that is the host's is no obstacle`() throws {
        let groups = try Groups(["a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000", "cpu.max": "400000 100000"])
        #expect(Processors.quota(of: "0::/a/b", below: groups.path) == 3)
        #expect(Processors.quota(of: "0::/../host/only", below: groups.path) == 4)
    }

    @Test func `a quota of the first version counts beside others' controllers`() throws {
        let groups = try Groups([
            "cpu,cpuacct/docker/x/cpu.cfs_quota_us": "250000\n", "cpu,cpuacct/docker/x/cpu.cfs_period_us": "100000\n",
            "cpu,cpuacct/cpu.cfs_quota_us": "-1\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        ])
        #expect(Processors.quota(of: "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n0::/\n", below: groups.path) == 3)
        #expect(Processors.quota(of: "4:cpu,cpuacct:/\n", below: groups.path) == nil)
        #expect(Processors.quota(of: "nonsense", below: groups.path) == nil)
    }

    @Test func `only processors that it may run on count`() async throws {
        #expect(Processors.usable >= 1)
        let program = try RunningProgram(
            URL(filePath: "/usr/bin/taskset"),
            ["-c", "0", RunningProgram.zoodns.path, "serve", "--listen", "127.0.0.1:0", "--zookeeper", "127.0.0.1:1"])
        try await waitUntil("the server listens") { program.output.hasSuffix(" udp tcp\n") }
        let port = String(program.output.split(separator: " ")[1].split(separator: ":")[1])
        let table = try String(contentsOfFile: "/proc/\(program.number)/net/udp", encoding: .utf8)
        let digits = String(UInt16(port) ?? 0, radix: 16, uppercase: true)
        #expect(
            table.split(separator: "\n").count { $0.contains("0100007F:" + String(repeating: "0", count: 4 - digits.count) + digits) } == 1)
    }
}
