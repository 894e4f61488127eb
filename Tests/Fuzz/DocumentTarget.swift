import ProviderRegistry

/// Whatever a znode of whatever registry holds, it is a provider within bounds or refused with a reason, and can be shown to people.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    if let sample = try? FormatSample(octets), let reading = try? sample.reading() {
        switch reading {
        case .provider(let document): check(document)
        case .weights(let vector): check(vector)
        case .nothing: break
        }
    }
    let excerpt = ProviderDocument.excerpt(octets)
    precondition(excerpt.utf8.count <= 64 * 4 + 3 && !excerpt.contains("\n"), "an excerpt is not fit to be shown")
    return 0
}

private func check(_ document: ProviderDocument) {
    let provider = document.provider
    precondition(provider.port > 0 && provider.host.isReachable, "a provider cannot be reached")
    precondition(ProviderHost(provider.host.text) == provider.host, "a host is another when it is read again")
    for problem in document.problems {
        precondition(
            problem.utf8.count <= 512 && problem.unicodeScalars.allSatisfy { 32...126 ~= $0.value || $0 == "…" },
            "a problem is not fit to be shown")
    }
    precondition(document.problems.count <= 12, "more problems than fields")
    guard let details = provider.details else { return }
    precondition(details != ProviderDetails(), "details that say nothing")
    check(details)
    let text = ProviderDocument.text(
        host: provider.host.text, port: provider.port, weight: provider.weight, priority: provider.priority, details: details)
    guard details.ports.allSatisfy({ $0.host == nil }), details.ttl == nil else { return }
    // What our own document may say comes back from it.
    precondition((try? ProviderDocument(Array(text.utf8))) == ProviderDocument(provider), "a document says something else")
}

private func check(_ details: ProviderDetails) {
    precondition(details.ports.count <= 32 && Set(details.ports.map(\.name)).count == details.ports.count, "too many ports, or twins")
    for port in details.ports {
        precondition(port.port > 0 && port.host?.isReachable != false, "a port cannot be reached")
        precondition(1...62 ~= port.name.utf8.count && port.name == port.name.lowercased(), "a port's name is no label")
    }
    precondition(details.attributes.count <= 64, "too many attributes")
    for (key, value) in details.attributes {
        precondition(!key.isEmpty && key.utf8.count + 1 + value.utf8.count <= 255, "an attribute is no string of a TXT record")
    }
    precondition(details.zone.map { 1...127 ~= $0.utf8.count } ?? true, "a zone's name is too long")
    precondition(details.alpn.count <= 8 && details.alpn.allSatisfy { 1...255 ~= $0.utf8.count }, "protocols out of bounds")
}

private func check(_ vector: WeightVector) {
    guard let host = ProviderHost("10.0.0.1") else { return }
    let service = Service(
        registrations: [InstanceName("member_1"): Registration(creationZxid: 0, provider: Provider(host: host, port: 80))],
        weights: [InstanceName("vector_0"): vector, InstanceName("vector_1"): vector])
    precondition(MergedService([service]).members.count == 1, "weights took a provider")
}
