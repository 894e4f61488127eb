import ProviderRegistry

/// A znode of some registry in one text, for the fuzzer and for tests: a character that chooses the format, the znode's name, the end of a
/// line, the znode's data.
package struct FormatSample {
    /// The formats by the character that chooses them.
    package static let formats: [(key: Character, name: String, parameters: [String: String])] = [
        ("0", "providers", [:]), ("1", "curator", [:]), ("2", "dubbo", [:]), ("3", "serverset", [:]), ("4", "nerve", [:]),
        ("5", "nerve", ["from": "name"]), ("6", "kafka", [:]), ("7", "triton", ["port": "2020"]), ("8", "party", [:]),
        ("9", "hostport", [:]), (":", "hostport", ["from": "name", "separator": ","]),
        (";", "hostport", ["from": "name", "suffix": "_solr"]),
        ("<", "json", ["host": "/IP", "port": "/PublicPort", "attributes": "/Attrs"]),
        ("=", "json", ["endpoints": "/endpoints", "attributes": "/metadata"]),
        (">", "json", ["host": "/external/0/addresses/0/host", "port": "/external/0/addresses/0/port"]),
        (
            "?", "json",
            [
                "host": "/a~1b/0", "ports": "/p", "weight": "/w", "priority": "/q", "status": "/s", "up": "RUNNING,1", "zone": "/z",
                "alpn": "/l", "ttl": "/t", "prefix": "json.info_", "suffix": "0",
            ]
        ),
    ]

    /// What the registry is written in.
    package let format: RegistryFormat
    /// The znode's name.
    package let name: InstanceName
    /// The znode's data.
    package let data: [UInt8]

    /// Takes a text apart; nil for an empty one. Any first octet chooses a format.
    package init?(_ octets: [UInt8]) throws(RegistryFormat.Problem) {
        guard let first = octets.first else { return nil }
        let (_, format, parameters) = Self.formats[Int(first) % Self.formats.count]
        self.format = try RegistryFormat.named(format, parameters)
        let rest = octets.dropFirst()
        let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
        name = InstanceName(String(decoding: rest[..<end], as: UTF8.self))
        data = Array(rest[end...].dropFirst())
    }

    /// What the format makes of it.
    package func reading() throws(ProviderDocument.Rejection) -> RegistryFormat.Reading {
        try format.read(name, format.readsData ? data : [])
    }
}
