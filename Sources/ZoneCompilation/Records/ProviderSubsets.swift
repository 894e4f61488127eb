import DNSAuthority

extension DetailedService {
    /// Adds the names of the parts of the network where providers are, as CoreDNS's plugin `zonal` has them: `pin` has the providers there,
    /// `prefer` too, and any other part has with `pin` no data and with `prefer` what the service has. A service none of whose documents says
    /// where its provider is has no such names; those of providers that are down count.
    func addPlaces(_ builder: inout RecordBlockBuilder) {
        guard details.hasZones else { return }
        let directives = ServiceNaming.Directive.allCases.compactMap { directive in
            ServiceNaming.name(of: directive, of: owner).flatMap { table.holder(of: $0) == .place(of: owner) ? (directive, $0) : nil }
        }
        for (directive, name) in directives { builder.add(covering: name, directive == .pin ? [] : whole.handles) }
        for (zone, members) in details.zones.sorted(by: { $0.key < $1.key }) {
            let chosen = offered(members)
            guard !chosen.isEmpty else { continue }
            let group = addGroup(chosen, &builder)
            for (_, parent) in directives {
                guard let name = ServiceNaming.name(ofText: zone, below: parent), table.holder(of: name) == .place(of: owner) else {
                    continue
                }
                builder.add(name, group)
            }
        }
    }

    /// Adds the names of the attributes that have some, each with the providers that say so; without data where all of them drain.
    func addTags(_ builder: inout RecordBlockBuilder) {
        for (name, members) in details.tagged.sorted(by: { $0.key.octets.lexicographicallyPrecedes($1.key.octets) }) {
            guard members.contains(where: hasRoom), table.holder(of: name) == .tag(of: owner) else { continue }
            let chosen = offered(members)
            builder.add(name, chosen.isEmpty ? RecordGroup() : addGroup(chosen, &builder))
        }
    }
}
