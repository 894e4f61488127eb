// How a registry's file keeps what few providers have.

extension ProviderDetails {
    /// Writes them; `read(from:)` reads them.
    func write(to writer: inout OctetWriter) {
        writer.write(UInt8(clamping: ProviderStatus.allCases.firstIndex(of: status) ?? 0))
        writer.write(UInt16(clamping: ports.count))
        for port in ports {
            writer.write(port.name)
            writer.write(port.port)
            writer.write(port.host?.text ?? "")
        }
        writer.write(UInt16(clamping: attributes.count))
        for (key, value) in attributes {
            writer.write(key)
            writer.write(value)
        }
        writer.write(zone ?? "")
        writer.write(UInt16(clamping: alpn.count))
        for name in alpn { writer.write(name) }
        writer.write(ttl ?? Self.noTTL)
    }

    /// What stands for no TTL; beyond any.
    private static let noTTL = UInt32.max

    /// Reads details. What is beyond the bounds of documents is left out: an earlier version may have had wider ones.
    static func read(from reader: inout OctetReader) throws(OctetReader.Failure) -> ProviderDetails? {
        var details = DetailsBuilder()
        let status = Int(try reader.number(UInt8.self))
        guard ProviderStatus.allCases.indices.contains(status) else { throw OctetReader.Failure() }
        details.status = ProviderStatus.allCases[status]
        for _ in 0..<(try reader.number(UInt16.self)) {
            let (name, port, text) = (try reader.text(), try reader.number(UInt16.self), try reader.text())
            let host = ProviderHost(text)
            if text.isEmpty || host?.isReachable == true { details.add(port: name, port, host: host) }
        }
        for _ in 0..<(try reader.number(UInt16.self)) {
            let (key, value) = (try reader.text(), try reader.text())
            details.add(attribute: key, value)
        }
        let zone = try reader.text()
        if !zone.isEmpty { details.set(zone: zone) }
        for _ in 0..<(try reader.number(UInt16.self)) { details.add(protocol: try reader.text()) }
        let ttl = try reader.number(UInt32.self)
        if ttl != noTTL { details.set(ttl: ttl) }
        return details.details
    }
}

extension WeightVector {
    /// Writes it; `init(from:)` reads it.
    func write(to writer: inout OctetWriter) {
        writer.write(UInt32(clamping: factors.count))
        for (selector, factor) in factors {
            switch selector {
            case .offer(let offer):
                writer.write(0 as UInt8)
                writer.write(Provider.authority(offer.host.text, offer.port))
            case .member(let instance):
                writer.write(1 as UInt8)
                writer.write(instance.text)
            case .shard(let number):
                writer.write(2 as UInt8)
                writer.write(number)
            }
            writer.write(factor.bitPattern)
        }
    }

    /// Reads a vector, and of one with too many factors the first.
    init(from reader: inout OctetReader) throws(OctetReader.Failure) {
        self.init()
        for _ in 0..<(try reader.number(UInt32.self)) {
            let (kind, text) = (try reader.number(UInt8.self), try reader.text())
            let selector: Selector
            switch (kind, Endpoint(text[...])) {
            case (0, let endpoint?): selector = .offer(Provider.Offer(host: endpoint.host, port: endpoint.port))
            case (1, _): selector = .member(InstanceName(text))
            case (2, _): selector = .shard(text)
            default: throw OctetReader.Failure()
            }
            let factor = Double(bitPattern: try reader.number(UInt64.self))
            guard factor >= 0 else { throw OctetReader.Failure() }
            if hasRoom(for: selector) { multiply(selector, by: factor) }
        }
    }
}
