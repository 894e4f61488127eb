extension RegistryFormat {
    /// Triton's registrar: `<service>/<host>`, where the domain's labels above them stand in reverse order. The service's own record, in
    /// the parent's data, is not read: hosts without ports of their own get the `port` of the zone's settings.
    static func triton(_ parameters: [String: String]) throws(Problem) -> RegistryFormat {
        try checkKeys(of: parameters, format: "triton", known: ["port"])
        let port = parameters["port"].flatMap { Endpoint.port($0) }
        guard port != nil || parameters["port"] == nil else { throw Problem(text: "port of the format triton is no port from 1 to 65535") }
        return RegistryFormat("triton", parameters: parameters) { _, octets throws(ProviderDocument.Rejection) in
            // Parents of further domains have no data.
            octets.isEmpty ? .nothing : try TritonHost.read(octets, port: port)
        }
    }
}

/// What registrar writes of a host.
private enum TritonHost {
    /// The types that stand for their service too; others have no names but their own.
    private static let types: Set = ["load_balancer", "moray_host", "redis_host", "ops_host", "rr_host"]

    /// The TTL of a host that names none, in seconds.
    private static let usualTTL: UInt32 = 30

    static func read(_ octets: [UInt8], port usual: UInt16?) throws(ProviderDocument.Rejection) -> RegistryFormat.Reading {
        let members = try ProviderDocument.object(octets)
        guard let type = members["type"]?.text, types.contains(type) else { return .nothing }
        let record = members[type]?.object ?? JSONObject()
        // The record of the type goes before the members beside it; null says nothing.
        let value = { (name: String) in [record[name], members[name]].compactMap(\.self).first { $0 != .null } }
        let host = try ProviderDocument.host(value("address"))
        guard case .ipv4 = host else { throw .badHost }
        guard let port = record["ports"]?.elements?.first?.port ?? usual else { throw .badPort }
        var details = DetailsBuilder()
        details.set(ttl: usualTTL)
        details.read(ttl: value("ttl"))
        return .provider(ProviderDocument(host, port, details))
    }
}
