import DNSAuthority
import IPAddressing
import ProviderRegistry

/// A provider's record of SVCB or HTTPS (RFC 9460).
enum ServiceBinding {
    /// The types.
    static let types = [RecordType.svcb, .https]

    /// Most addresses of a family that a record hints at: clients take one of each.
    static let mostHints = 4
    /// Most octets of the parameters beside the protocols'.
    static let mostOctetsOfHints = 4 * 4 + 6 + mostHints * (4 + 16)

    /// The SvcParamKey that says that no protocol is spoken but those of the record.
    private static let noDefaultALPN: UInt16 = 2
    /// The ALPN identifiers of HTTP.
    private static let http: Set<String> = ["http/1.1", "h2", "h3"]

    /// The parameters of a record: protocols, port, addresses. Nil if none of the protocols can be named, or for HTTPS if none is HTTP.
    static func parameters(_ type: RecordType, _ protocols: [String], port: UInt16, _ hints: AddressSets.Hints) -> [ServiceParameter]? {
        guard type != .https || protocols.contains(where: http.contains) else { return nil }
        guard let alpn = ServiceParameter.alpn(protocols.map { Array($0.utf8) }) else { return nil }
        // Clients of HTTPS would add HTTP/1.1 (RFC 9460 §7.1.2).
        let noDefault = type == .https && !protocols.contains("http/1.1") ? ServiceParameter(key: noDefaultALPN, value: []) : nil
        return [alpn, noDefault, .port(port), .hint(ipv4: hints.ipv4), .hint(ipv6: hints.ipv6)].compactMap(\.self)
    }
}

extension DetailedService {
    /// A record that an RRset may have.
    private struct Candidate: RecordChoice.Candidate {
        let record: RecordData
        let place: UInt32
        let rank: Int
        let isHeld: Bool
    }

    /// Adds the SVCB and HTTPS RRsets of the service: a record for each provider that says which protocols it speaks.
    func addBindings(_ builder: inout RecordBlockBuilder) -> [RecordBlockBuilder.Handle] {
        ServiceBinding.types.compactMap { type in
            let candidates = placed.offered.compactMap { candidate(type, $0) }
            guard !candidates.isEmpty else { return nil }
            let choice = RecordChoice(candidates, most: policy.mostAnswers)
            var rrset = RRset(type, ttl: policy.ttl)
            for position in 0..<choice.count {
                let candidate = candidates[choice[position]]
                rrset.append(candidate.record)
                rrset.places.append(candidate.place)
                if candidate.isHeld { rrset.isHeld = true }
            }
            return builder.add(rrset)
        }
    }

    private func candidate(_ type: RecordType, _ instance: Instance) -> Candidate? {
        guard let alpn = details(of: instance)?.alpn, !alpn.isEmpty, let target = instance.target.flatMap({ names[$0] }) else { return nil }
        let hints = sets.hints(instance.addresses, most: ServiceBinding.mostHints)
        // Priority 0 would make an alias (RFC 9460 §2.4.1).
        let priority = instance.priority == .max ? .max : instance.priority + 1
        guard let parameters = ServiceBinding.parameters(type, alpn, port: instance.port, hints),
            let record = RecordData.binding(type, priority: priority, target: target, parameters)
        else { return nil }
        let rank = RecordChoice.rank(priority: instance.priority, weight: instance.weight)
        return Candidate(record: record, place: instance.place, rank: rank, isHeld: instance.isHeld)
    }
}
