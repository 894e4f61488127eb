extension RegistryFormat {
    /// Server sets, as Finagle and Aurora write them: `<service>/member_<number>` in JSON, weights in `<service>/vector_<number>`.
    package static let serverset = RegistryFormat("serverset") { name, octets throws(ProviderDocument.Rejection) in
        if name.text.hasPrefix("member_") { return .provider(try ServersetMember.read(octets)) }
        if name.text.hasPrefix("vector_") { return .weights(try WeightVector(ProviderDocument.object(octets))) }
        return .nothing
    }
}

/// A member of a server set.
private enum ServersetMember {
    static func read(_ octets: [UInt8]) throws(ProviderDocument.Rejection) -> ProviderDocument {
        let members = try ProviderDocument.object(octets)
        let additional = members["additionalEndpoints"]?.object?.members ?? []
        let endpoints = additional.map { (name: $0.name, endpoint: endpoint($0.value)) }
        // A task without a primary port has no endpoint of its own.
        guard let main = endpoint(members["serviceEndpoint"]) ?? endpoints.firstNonNil(\.endpoint) else { throw .noEndpoint }
        var details = DetailsBuilder()
        for (name, endpoint) in endpoints {
            let host = endpoint?.host == main.host ? nil : endpoint?.host
            details.complain("additionalEndpoints", details.add(port: name, endpoint?.port, host: host))
        }
        readStatus(members["status"], into: &details)
        for (key, value) in members["metadata"]?.object?.members ?? [] {
            if let text = value.text { details.add(attribute: key, text) }
        }
        if case .number(let shard) = members["shard"] { details.add(attribute: "shard", shard) }
        return ProviderDocument(main.host, main.port, details)
    }

    /// The host, or else the address that "may be used instead of a DNS lookup for host": readers compare the host with the weights' own.
    private static func endpoint(_ value: JSONValue?) -> Endpoint? {
        guard let members = value?.object, let port = members["port"]?.port else { return nil }
        let hosts = ["host", "inet", "inet6"].compactMap { members[$0]?.text.flatMap { ProviderHost($0) } }.filter(\.isReachable)
        return (hosts.first { $0.isQualified } ?? hosts.last).map { Endpoint(host: $0, port: port) }
    }

    /// "Only ALIVE should be used"; a member that stops has clients yet.
    private static func readStatus(_ value: JSONValue?, into details: inout DetailsBuilder) {
        switch value?.text {
        case "ALIVE": details.status = .up
        case "STOPPING": details.status = .draining
        case "DEAD", "STARTING", "STOPPED", "WARNING", "UNKNOWN": details.status = .down
        default:
            details.status = .down
            details.complain("status", "no status, or none that a server set has")
        }
    }
}

extension ProviderHost {
    /// Whether it is an address, or a name with a dot in it, which means the same everywhere.
    fileprivate var isQualified: Bool { if case .name(let name) = self { name.contains(".") } else { true } }
}

extension Sequence {
    /// The first element's value that is not nil.
    fileprivate func firstNonNil<Value>(_ value: (Element) -> Value?) -> Value? {
        for element in self { if let value = value(element) { return value } }
        return nil
    }
}
