import DNSAuthority
import ProviderRegistry

/// Attributes as the strings of a TXT record: `key=value`, ascending by key, which has no `=` (RFC 6763 §6.4).
struct AttributeText {
    /// The strings that fit.
    private(set) var strings: [[UInt8]] = []
    /// The octets of the record's data.
    private(set) var length = 0
    /// The first key that does not fit; nil if all do.
    private(set) var omitted: String?

    /// Most octets of a record's data: so few that a response over TCP has room for everything else of the name.
    static let mostOctets = 8192

    /// The strings of attributes, each with its length as it is: one of more than 255 octets is left out.
    init(_ attributes: [String: String]) {
        for (key, value) in attributes.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            let string = Array("\(key)=\(value)".utf8)
            guard string.count <= UInt8.max, length + 1 + string.count <= Self.mostOctets else {
                omitted = omitted ?? key
                continue
            }
            strings.append(string)
            length += 1 + string.count
        }
    }
}

extension DetailedService {
    /// Adds the TXT RRset of the service: what all providers that it offers say alike; nil if there is nothing.
    func addText(_ builder: inout RecordBlockBuilder) -> RecordBlockBuilder.Handle? {
        guard var shared = placed.offered.first.flatMap({ details(of: $0)?.attributes }) else { return nil }
        for instance in placed.offered.dropFirst() where !shared.isEmpty {
            guard let attributes = details(of: instance)?.attributes else { return nil }
            shared = shared.filter { attributes[$0.key] == $0.value }
        }
        return add(shared, isHeld: placed.offered.contains(where: \.isHeld), &builder)
    }

    /// Adds the TXT RRsets of instances, nil for one without attributes; empty if none has any.
    func addTexts(of instances: [Instance], _ builder: inout RecordBlockBuilder) -> [RecordBlockBuilder.Handle?] {
        let texts = instances.map { instance in
            details(of: instance).flatMap { add($0.attributes, isHeld: instance.isHeld, &builder) }
        }
        return texts.contains { $0 != nil } ? texts : []
    }

    private func add(
        _ attributes: [String: String], isHeld: Bool, _ builder: inout RecordBlockBuilder
    ) -> RecordBlockBuilder.Handle? {
        guard !attributes.isEmpty, let record = RecordData.text(AttributeText(attributes).strings) else { return nil }
        var rrset = RRset(.txt, ttl: policy.ttl, records: [record])
        rrset.isHeld = isHeld
        return builder.add(rrset)
    }
}
