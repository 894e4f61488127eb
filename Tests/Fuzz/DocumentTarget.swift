import ProviderRegistry

/// Whatever a znode holds, it is a provider with a port or refused with a reason, and can be shown to people.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    if let document = try? ProviderDocument(octets) { precondition(document.provider.port > 0, "a provider has port 0") }
    let excerpt = ProviderDocument.excerpt(octets)
    precondition(excerpt.utf8.count <= 64 * 4 + 3 && !excerpt.contains("\n"), "an excerpt is not fit to be shown")
    return 0
}
