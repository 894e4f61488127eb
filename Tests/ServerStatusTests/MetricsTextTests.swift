import TestSupport
import Testing

@testable import ServerStatus

@Suite struct MetricsTextTests {
    @Test func `labels' values cannot break out of their quotation marks`() {
        var metrics = MetricsText()
        metrics.add(.rejected, [(["zone": "a\"b\\c\nd} 1\n# é"], 1)])
        #expect(metrics.text.split(separator: "\n").last == #"zoodns_rejected_znodes{zone="a\"b\\c\nd} 1\n# é"} 1"#)
    }

    @Test func `buckets are added up, and the last is endless`() {
        var metrics = MetricsText()
        metrics.add(.duration, bounds: ["1", "2"], [(["proto": "udp"], [3, 0, 4], 2.5)])
        let name = "zoodns_dns_request_duration_seconds"
        #expect(
            metrics.text.split(separator: "\n").dropFirst(2).map(String.init) == [
                #"\#(name)_bucket{proto="udp",le="1"} 3"#, #"\#(name)_bucket{proto="udp",le="2"} 3"#,
                #"\#(name)_bucket{proto="udp",le="+Inf"} 7"#, #"\#(name)_sum{proto="udp"} 2.5"#, #"\#(name)_count{proto="udp"} 7"#,
            ])
    }

    @Test func `parts of a path are text`() {
        #expect(PathText.decode("a%20b%C3%A9%2F") == "a bé/")
        #expect(["%", "%4", "%zz", "%FF"].allSatisfy { PathText.decode($0) == nil })
    }

    @Test func `the process has used time and memory`() {
        let process = ProcessFacts.now
        #expect(process.cpuSeconds > 0 && process.residentMemory > 1 << 20 && process.virtualMemory >= process.residentMemory)
        #expect(process.openDescriptors > 2 && process.mostDescriptors >= UInt64(process.openDescriptors) && process.threads > 0)
        // Between the year 2001 and 2286.
        #expect((1e9..<1e10).contains(process.start))
    }
}
