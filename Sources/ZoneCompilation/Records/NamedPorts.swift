import DNSAuthority

extension DetailedService {
    /// Adds the names of named ports with their SRV RRsets (RFC 2782), and those of the ports' own hosts. A port of draining providers alone has
    /// no data.
    mutating func addPorts(_ builder: inout RecordBlockBuilder) {
        for (label, all) in details.ports.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            // The last provider that was looked at may have had no room.
            let ports = all.filter { hasRoom($0.instance.name) }
            var addresses = ports.map { port in
                port.hasHost ? sets.addOwn(port.instance.addresses, isHeld: port.instance.isHeld, &builder) : nil
            }
            for (port, addresses) in zip(ports, addresses) {
                if let name = port.hostName, let addresses { builder.add(name, addresses.all, srv: nil) }
            }
            let order = ports.indices.compactMap { index in offered([ports[index].instance.name]).first.map { (index, $0) } }
                .sorted { $0.1 < $1.1 }
            for (index, place) in order where addresses[index] == nil { addresses[index] = own[place] }
            guard !ports.isEmpty else { continue }
            // A port that only draining providers have keeps its names, without data: NXDOMAIN would say that it never was.
            let srv = order.isEmpty ? nil : addLocations(order.map { (ports[$0.0], addresses[$0.0] ?? .init()) }, &builder)
            for name in ServiceNaming.portNames(label, of: owner) where table.holder(of: name) == .port(of: owner) {
                builder.add(name, .init(), srv: srv)
            }
        }
    }

    /// Adds the SRV RRset of a port of instances in the order of the ring: the service's if it is the same.
    private func addLocations(
        _ ports: [(port: PlacedDetails.Port, addresses: AddressSets.Own)], _ builder: inout RecordBlockBuilder
    ) -> RecordBlockBuilder.Handle? {
        let isWhole =
            ports.count == placed.offered.count
            && zip(ports, placed.offered).allSatisfy { $0.port.instance.port == $1.port && $0.port.instance.target == $1.target }
        if isWhole { return whole.srv }
        var locations = ServiceLocations(ports.map(\.port.instance), ports.map(\.addresses), names, policy)
        return locations.addWhole(isUnknown: false, &builder)
    }
}
