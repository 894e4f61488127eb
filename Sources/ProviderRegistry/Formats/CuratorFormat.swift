extension RegistryFormat {
    /// Apache Curator's service discovery, on which Spring Cloud and Dubbo's application level stand: `<service>/<instance>`, JSON as
    /// `JsonInstanceSerializer` writes it.
    package static let curator = RegistryFormat("curator", write: CuratorDocument.text) { _, octets throws(ProviderDocument.Rejection) in
        .provider(try CuratorDocument.read(octets))
    }
}

/// Curator's `ServiceInstance` as JSON.
private enum CuratorDocument {
    /// Keys of Spring's and Dubbo's metadata that say more than a text.
    private enum Key {
        static let status = "instance_status"
        static let weight = "weight"
        static let zone = "zone"
        static let endpoints = "dubbo.endpoints"

        static let all = [status, weight, zone, endpoints]
    }

    /// The port that `sslPort` is.
    private static let ssl = "ssl"

    static func read(_ octets: [UInt8]) throws(ProviderDocument.Rejection) -> ProviderDocument {
        let members = try ProviderDocument.object(octets)
        let host = try ProviderDocument.host(members["address"])
        let sslPort = members["sslPort"]?.port
        guard let port = members["port"]?.port ?? sslPort else { throw .badPort }
        var details = DetailsBuilder()
        if let sslPort { details.add(port: ssl, sslPort) }
        var weight: UInt16 = 1
        for (key, value) in members["payload"]?.object?["metadata"]?.object?.members ?? [] {
            guard let text = value.text else { continue }
            switch key {
            case Key.status: details.status = status(text)
            case Key.endpoints: readEndpoints(text, into: &details)
            case Key.zone: details.complain("zone", details.set(zone: text))
            case Key.weight: weight = UInt16(digits: text) ?? weight
            // What does not fit a TXT record is of use to Java's programs alone.
            default: details.add(attribute: key, text)
            }
        }
        if members["enabled"] == .bool(false) { details.status = .down }
        return ProviderDocument(host, port, weight: weight, details)
    }

    /// Spring takes `UP` alone, in any case.
    private static func status(_ text: String) -> ProviderStatus {
        switch text.uppercased() {
        case "UP": .up
        case "OUT_OF_SERVICE": .draining
        default: .down
        }
    }

    /// Dubbo's ports by protocol, JSON in a text: `[{"port": 20880, "protocol": "dubbo"}]`.
    private static func readEndpoints(_ text: String, into details: inout DetailsBuilder) {
        guard case .array(let endpoints)? = try? JSONValue(Array(text.utf8), deepest: ProviderDocument.deepest) else {
            return details.complain(Key.endpoints, "\(Key.endpoints) is no array in JSON")
        }
        for case .object(let endpoint) in endpoints {
            guard let name = endpoint["protocol"]?.text else { continue }
            details.complain(Key.endpoints, details.add(port: name, endpoint["port"]?.port))
        }
    }

    /// What Curator's writer would write for an ephemeral znode. Attributes and status stand where Spring Cloud keeps them.
    static func text(_ draft: ProviderDraft) throws(RegistryFormat.Problem) -> String {
        let details = draft.details ?? ProviderDetails()
        guard details.ports.allSatisfy({ $0.name == ssl && $0.host == nil }) else { throw missing("ports but one named ssl") }
        guard draft.priority == nil else { throw missing("priority") }
        guard details.alpn.isEmpty else { throw missing("protocols") }
        guard draft.fields.isEmpty else { throw missing("further fields") }
        for key in Key.all where details.attributes[key] != nil {
            throw RegistryFormat.Problem(text: "\(key) is no attribute in the format curator: it says something else there")
        }
        let sslPort = details.ports.first.map { String($0.port) } ?? "null"
        let (service, instance) = (JSONValue.quoted(draft.service), JSONValue.quoted(draft.instance))
        return """
            {"name":\(service),"id":\(instance),"address":\(JSONValue.quoted(draft.host)),"port":\(draft.port),"sslPort":\(sslPort),\
            "payload":\(payload(draft, details)),"registrationTimeUTC":\(draft.announced),"serviceType":"DYNAMIC",\
            "uriSpec":{"parts":[\(uriParts)]}}
            """
    }

    private static func missing(_ what: String) -> RegistryFormat.Problem {
        RegistryFormat.Problem(text: "the format curator has no \(what)")
    }

    /// Spring Cloud's payload, or none where nothing needs it: a reader that lacks its class could not read it.
    private static func payload(_ draft: ProviderDraft, _ details: ProviderDetails) -> String {
        var metadata = details.attributes
        if let weight = draft.weight { metadata[Key.weight] = String(weight) }
        if let zone = details.zone { metadata[Key.zone] = zone }
        switch details.status {
        case .up: break
        case .draining: metadata[Key.status] = "OUT_OF_SERVICE"
        case .down: metadata[Key.status] = "DOWN"
        }
        guard !metadata.isEmpty else { return "null" }
        let texts = metadata.sorted { $0.key < $1.key }.map { "\(JSONValue.quoted($0)):\(JSONValue.quoted($1))" }
        return """
            {"@class":"org.springframework.cloud.zookeeper.discovery.ZookeeperInstance","id":\(JSONValue.quoted(draft.instance)),\
            "name":\(JSONValue.quoted(draft.service)),"metadata":{\(texts.joined(separator: ","))}}
            """
    }

    /// `{scheme}://{address}:{port}`, without which Spring Cloud's readers make no URI.
    private static let uriParts = [("scheme", true), ("://", false), ("address", true), (":", false), ("port", true)]
        .map { "{\"value\":\"\($0)\",\"variable\":\($1)}" }.joined(separator: ",")
}
