import Foundation
import TestSupport
import Testing

@testable import ProviderRegistry

/// Golden documents, as their writers leave them; the fuzzer begins with the same.
@Suite struct FormatTests {
    /// What each of the fuzzer's documents is read as.
    private static let expected = [
        "plain": "10.0.0.1:80", "all": "[2001:db8::1]:8080 weight=5 priority=1 ! zone is no text", "name": "db-1.example.net:65535",
        "deep": "nested more than 100 deep", "nul": "not a JSON object", "surrogate": "not a JSON object",
        "rich":
            "db-1.example.net:8080 weight=0 draining _http=8080 _metrics=9090 owner=café version=1.2 zone=us-east-1a alpn=h2,http/1.1",
        "wrong": """
        10.0.0.1:80 _http=8081 _ok=1 ok=yes ! weight is no number from 0 to 65535 \
        ! "a.b" is no name of a port: up to 62 letters, digits, - and _ (and 1 more) ! status is none of up, draining, down \
        ! "a=b" is no key of an attribute: printable ASCII without = (and 1 more) ! "a..b" is no name of a zone \
        ! "" is no protocol's name of 1 to 255 octets (and 1 more)
        """,
        "curator": "desktop-hpkmntj:8004", "curator-plain": "10.1.2.3:8443 down _ssl=8443",
        "curator-spring": "10.1.2.3:8080 weight=7 draining _ssl=8443 management.port=9000 zone=z1",
        "curator-dubbo": "10.1.2.3:20880 _dubbo=20880 _tri=50051 dubbo.metadata.revision=a1b2",
        "dubbo": "10.1.2.3:20880 weight=200 _dubbo=20880 application=demo group=g version=1.0",
        "dubbo-disabled": "[2001:db8::1]:50051 weight=100 down _tri=50051 application=a b",
        "dubbo-consumer": "nothing",
        "dubbo-six": "[2001:db8::1]:20880 weight=100 _dubbo=20880 ! weight is no number from 0 to 65535",
        "serverset": "10.0.0.3:80 _aurora=10.0.0.1:80 _http=10.0.0.2:80 keyA=valueA shard=0",
        "serverset-stopping": "10.0.0.1:80 draining _aurora=80", "serverset-vector": "weights 3", "serverset-other": "nothing",
        "nerve": "somehost:1234 weight=10 priority=1 az=b k=v", "nerve-name": "somehost:1234 weight=10 priority=1 az=b k=üÿ?>",
        "kafka": "host:9092 _plaintext=9092",
        "kafka-secure": """
        b1.example.net:9093 _sasl_ssl=9093 _internal=[2001:db8::1]:9094 zone=us-east-1a ! an endpoint is no NAME://HOST:PORT
        """,
        "triton": "172.27.10.72:80 ttl=30", "triton-moray": "172.27.10.73:2020 ttl=10", "triton-host": "nothing",
        "party": "10.0.0.1:8080", "party-shallow": "[2001:db8::1]:8080", "party-other": "nothing",
        "hostport": "web-1.example.net:8080", "hostport-hbase": "rs1.example.net:16020", "hostport-solr": "10.0.0.1:8983",
        "hostport-other": "nothing", "json-registrator": "10.0.0.5:32768 k=v",
        "json-kratos": "127.0.0.1:8000 _http=8000 _grpc=9000 a=b", "json-hadoop": "rack4server3:48551",
        "json-all": "10.0.0.1:80 weight=3 priority=4 _web=80 zone=a.b alpn=h2 ttl=60", "json-down": "10.0.0.1:80 down _web=80",
        "json-other": "nothing", "json-silent": "10.0.0.1:80 down _web=80 ! ttl is no number of seconds", "nulls": "10.0.0.1:80",
        "triton-null": "10.0.0.1:80 ttl=20", "triton-quiet": "10.0.0.1:80 ttl=30",
    ]

    @Test func `each golden document is read as its writer means it`() throws {
        let folder = URL(filePath: #filePath).appending(path: "../../Fuzz/documents").standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(Set(files.map(\.lastPathComponent)) == Set(Self.expected.keys))
        for file in files {
            let sample = try #require(try FormatSample(Array(Data(contentsOf: file))))
            #expect(Self.text(of: sample) == Self.expected[file.lastPathComponent], "\(file.lastPathComponent)")
        }
        #expect(Set(FormatSample.formats.map(\.name)) == Set(RegistryFormat.names))
    }

    private static func text(of sample: FormatSample) -> String {
        do {
            switch try sample.reading() {
            case .provider(let document): return text(of: document)
            case .weights(let vector): return "weights \(vector.factors.count)"
            case .nothing: return "nothing"
            }
        } catch {
            return error.rawValue
        }
    }

    /// A provider with what differs from a plain one, then what is wrong.
    private static func text(of document: ProviderDocument) -> String {
        let provider = document.provider
        var words = [Provider.authority(provider.host.text, provider.port)]
        if provider.weight != 1 { words.append("weight=\(provider.weight)") }
        if provider.priority != 0 { words.append("priority=\(provider.priority)") }
        if let details = provider.details {
            if details.status != .up { words.append(details.status.rawValue) }
            words += details.ports.map { port in
                "_\(port.name)=" + (port.host.map { Provider.authority($0.text, port.port) } ?? String(port.port))
            }
            words += details.attributes.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
            if let zone = details.zone { words.append("zone=\(zone)") }
            if !details.alpn.isEmpty { words.append("alpn=" + details.alpn.joined(separator: ",")) }
            if let ttl = details.ttl { words.append("ttl=\(ttl)") }
        }
        return (words + document.problems.map { "! \($0)" }).joined(separator: " ")
    }

    private func reading(_ format: RegistryFormat, _ name: InstanceName, _ data: String) throws(ProviderDocument.Rejection)
        -> RegistryFormat.Reading
    { try format.read(name, Array(data.utf8)) }

    @Test(
        arguments: [
            ("curator", [:], "a", #"{"address":null,"port":1}"#, .noHost), ("curator", [:], "a", #"{"address":"a","port":null}"#, .badPort),
            ("curator", [:], "a", "[]", .notAnObject), ("curator", [:], "a", "", .empty), ("dubbo", [:], "%zz", "", .badURL),
            ("dubbo", [:], "dubbo%3A%2F%2F0.0.0.0%3A1", "", .badURL), ("dubbo", [:], "dubbo%3A%2F%2Fa%3A0", "", .badURL),
            ("dubbo", [:], "%", "", .badURL), ("dubbo", [:], "dubbo%3A%2F%2F%FF%3A1", "", .badURL),
            ("serverset", [:], "member_1", #"{"serviceEndpoint":{"host":"a","port":0}}"#, .noEndpoint),
            ("nerve", [:], "base64_5_e30", "{}", .badName), ("nerve", [:], "base64_-1_", "{}", .badName),
            ("nerve", [:], "base64_3_!!!_1", "{}", .badName), ("nerve", [:], "base64_3_e30_1", "", .noHost),
            ("nerve", ["from": "name"], "a", "", .badName), ("kafka", [:], "0", #"{"host":null,"port":-1,"endpoints":[]}"#, .noEndpoint),
            ("kafka", [:], "0", #"{"host":"0.0.0.0","port":1}"#, .unreachableHost),
            ("triton", [:], "a", #"{"type":"rr_host","address":"10.0.0.1"}"#, .badPort),
            ("triton", ["port": "1"], "a", #"{"type":"rr_host","address":"a"}"#, .badHost),
            ("party", [:], "0123456789abcdef0123456789abcdef__party__", "", .empty),
            ("party", ["from": "name"], "0123456789abcdef0123456789abcdef-a", "", .badEndpoint),
            ("hostport", [:], "a", "a:1:", .badEndpoint),
            ("hostport", [:], "a", "a:70000", .badEndpoint), ("hostport", ["prefix": "tcp://"], "a", "a:1", .badEndpoint),
            ("hostport", ["prefix": "aa", "suffix": "aa"], "a", "aaa", .badEndpoint), ("hostport", [:], "a", " ", .badEndpoint),
            ("json", ["endpoints": "/e"], "a", #"{"e":["http://"]}"#, .noEndpoint), ("json", ["endpoints": "/e"], "a", "{}", .noEndpoint),
            ("json", ["host": "/h", "port": "/p"], "a", #"{"h":"a","p":"http"}"#, .badPort),
            ("json", ["host": "/h/01", "port": "/p"], "a", #"{"h":["a","b"],"p":1}"#, .noHost),
        ] as [(String, [String: String], InstanceName, String, ProviderDocument.Rejection)])
    func `what is no provider is refused with its reason`(
        _ format: String, _ parameters: [String: String], _ name: InstanceName, _ data: String, _ reason: ProviderDocument.Rejection
    ) throws {
        let format = try RegistryFormat.named(format, parameters)
        #expect(throws: reason) { try reading(format, name, data) }
    }

    @Test(arguments: [
        (#"{"e":["a+b://h1:1","grpc://h2:2"]}"#, ["endpoints": "/e"], "h1:1"),
        (#"{"e":["x://h1:1","y://h2:2"],"p":3}"#, ["endpoints": "/e", "port": "/p"], "h1:3"),
        (#"{"e":["x://h1:1","y://h2:2"],"h":"h2"}"#, ["endpoints": "/e", "host": "/h"], "h2:2"),
        (#"{"e":["x://h1:1","y://h2:2"],"h":"h3"}"#, ["endpoints": "/e", "host": "/h"], "h1:1"),
        (#"{"e":["x://h1:1","y://h2:2"],"h":"h3","p":3}"#, ["endpoints": "/e", "host": "/h", "port": "/p"], "h3:3"),
        (#"{"e":["x://h1:1"],"h":"h3","n":{"a.b":1,"c":4}}"#, ["endpoints": "/e", "host": "/h", "ports": "/n"], "h3:4"),
    ])
    func `host and port of JSON come from one place`(_ data: String, _ pointers: [String: String], _ expected: String) throws {
        guard case .provider(let document) = try reading(RegistryFormat.named("json", pointers), "a", data) else {
            return #expect(Bool(false))
        }
        #expect(Provider.authority(document.provider.host.text, document.provider.port) == expected)
    }

    @Test(
        arguments: [
            ("null", nil, true), ("\"5\"", nil, false), ("-1", nil, false), ("0", 1, true), ("86400", 86400, true),
            ("4294967295", 2_147_483_647, true), ("4294967296", nil, false), ("1.5", nil, false),
        ] as [(String, UInt32?, Bool)])
    func `a TTL in JSON has 32 bits and is never 0`(_ ttl: String, _ seconds: UInt32?, _ isRight: Bool) throws {
        let format = try RegistryFormat.named("json", ["host": "/h", "port": "/p", "ttl": "/t"])
        guard case .provider(let document) = try reading(format, "a", #"{"h":"a","p":1,"t":\#(ttl)}"#) else {
            return #expect(Bool(false))
        }
        #expect(document.provider.details?.ttl == seconds)
        #expect(document.problems.isEmpty == isRight)
    }

    @Test func `few ports have hosts of their own`() throws {
        let ends = (1...12).map { number in
            let host = number > 10 ? "a.b" : "h\(number).b"
            return #""p\#(number)":{"host":"\#(host)","port":\#(number)}"#
        }
        let data = #"{"status":"ALIVE","serviceEndpoint":{"host":"a.b","port":80},"additionalEndpoints":{\#(ends.joined(separator: ","))}}"#
        guard case .provider(let document) = try reading(.serverset, "member_1", data) else { return #expect(Bool(false)) }
        #expect(document.provider.details?.ports.map(\.port) == Array(1...8) + [11, 12])
        #expect(document.problems == ["more than 8 ports with hosts of their own (and 1 more)"])
    }

    @Test func `weights are digits alone`() throws {
        let data = #"{"address":"a","port":1,"payload":{"metadata":{"weight":"+7"}}}"#
        guard case .provider(let curator) = try reading(.curator, "a", data) else { return #expect(Bool(false)) }
        #expect(curator.provider.weight == 1)
        guard case .provider(let dubbo) = try reading(.dubbo, "dubbo%3A%2F%2Fa%3A1%3Fweight%3D%2B7", "") else {
            return #expect(Bool(false))
        }
        #expect(dubbo.provider.weight == 100 && dubbo.problems == ["weight is no number from 0 to 65535"])
    }

    @Test(
        arguments: [
            ("consul", [:], "no format \"consul\": one of providers, curator"),
            ("curator", ["host": "/a"], "\"host\": it has no parameters"),
            ("json", ["hots": "/a"], "has no \"hots\": it has host, port"), ("json", ["host": "a", "port": "/b"], "no JSON pointer"),
            ("json", ["host": "/a~2", "port": "/b"], "no JSON pointer"), ("json", ["port": "/b"], "needs a pointer to the host"),
            ("json", ["host": "/b"], "needs a pointer to the port"),
            ("json", ["host": "/a", "port": "/b", "up": "x"], "needs a pointer to"),
            ("hostport", ["from": "names"], "neither name nor data"), ("hostport", ["separator": ""], "no single character"),
            ("triton", ["port": "0"], "no port from 1"), ("party", ["from": ""], "neither name nor data"), ("nerve", ["x": ""], "has no"),
        ] as [(String, [String: String], String)])
    func `settings that make no format are refused in words`(_ name: String, _ parameters: [String: String], _ words: String) {
        #expect { try RegistryFormat.named(name, parameters) } throws: { ($0 as? RegistryFormat.Problem)?.text.contains(words) == true }
    }

    @Test func `equal formats have equal names and parameters, and say what layouts ask`() throws {
        #expect(try RegistryFormat.named("json", ["endpoints": "/e"]) == RegistryFormat.named("json", ["endpoints": "/e"]))
        #expect(try RegistryFormat.named("json", ["endpoints": "/e"]) != RegistryFormat.named("json", ["endpoints": "/f"]))
        #expect(RegistryFormat.kafka.levels == 0 && RegistryFormat.kafka.suffix == ["brokers", "ids"])
        #expect(RegistryFormat.dubbo.suffix == ["providers"] && !RegistryFormat.dubbo.readsData)
        for (name, parameters) in [("party", ["from": "name"]), ("hostport", ["from": "name"]), ("nerve", ["from": "name"])] {
            #expect(try !RegistryFormat.named(name, parameters).readsData)
        }
        #expect(try RegistryFormat.named("hostport").readsData)
    }

    @Test func `what is written for Curator is read as it was meant`() throws {
        let write = try #require(RegistryFormat.curator.write)
        let details = ProviderDetails(
            status: .draining, ports: [NamedPort(name: "ssl", port: 8443)], attributes: ["a": "\"é"], zone: "z1")
        let draft = ProviderDraft(
            service: "web", instance: "u1", host: "10.0.0.1", port: 80, weight: 3, details: details, announced: 1_618_903_366_771)
        guard case .provider(let document) = try reading(.curator, "u1", try write(draft)) else { return #expect(Bool(false)) }
        let provider = Provider(host: try #require(ProviderHost("10.0.0.1")), port: 80, weight: 3, details: details)
        #expect(document == ProviderDocument(provider))
        let keys = ["instance_status", "weight", "zone", "dubbo.endpoints"]
        let colliding = keys.map { ProviderDetails(attributes: [$0: "DOWN"]) }
        let others =
            colliding.map { ProviderDraft(service: "a", instance: "b", host: "c", port: 1, details: $0) } + [
                ProviderDraft(service: "a", instance: "b", host: "c", port: 1, priority: 1),
                ProviderDraft(service: "a", instance: "b", host: "c", port: 1, fields: ["x": "y"]),
                ProviderDraft(service: "a", instance: "b", host: "c", port: 1, details: ProviderDetails(alpn: ["h2"])),
                ProviderDraft(
                    service: "a", instance: "b", host: "c", port: 1, details: ProviderDetails(ports: [NamedPort(name: "http", port: 1)])),
            ]
        for draft in others { #expect(throws: RegistryFormat.Problem.self) { try write(draft) } }
    }

    @Test func `other formats are not written`() throws {
        for name in RegistryFormat.names where !["providers", "curator"].contains(name) {
            #expect(try RegistryFormat.named(name, name == "json" ? ["endpoints": "/e"] : [:]).write == nil)
        }
    }
}
