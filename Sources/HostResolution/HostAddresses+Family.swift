import IPAddressing

extension HostAddresses {
    /// Whether an address of a family is known.
    func hasAddresses(_ family: Family) -> Bool {
        switch family {
        case .ipv4: !ipv4.addresses.isEmpty
        case .ipv6: !ipv6.addresses.isEmpty
        }
    }

    /// Takes a family of which nothing is known for one without addresses, where the other is known: some clients give up on a server's failure
    /// that concerns one family.
    mutating func settleUnknown() {
        guard ipv4.isUnknown != ipv6.isUnknown else { return }
        if ipv4.isUnknown { ipv4 = .known([]) } else { ipv6 = .known([]) }
    }

    /// Makes a family unknown.
    mutating func forget(_ family: Family) {
        switch family {
        case .ipv4: ipv4 = .unknown
        case .ipv6: ipv6 = .unknown
        }
    }

    /// Sorts the addresses, so that a name server's order makes no difference, and takes the lowest of too many.
    mutating func set(_ addresses: [IPAddress], _ family: Family) {
        switch family {
        case .ipv4:
            let all = addresses.compactMap { if case .v4(let address) = $0 { address } else { nil } }.sorted { $0.value < $1.value }
            ipv4 = .known(Array(all.prefix(Self.mostOfOneFamily)))
        case .ipv6:
            let all = addresses.compactMap { if case .v6(let address) = $0 { address } else { nil } }.sorted { $0.value < $1.value }
            ipv6 = .known(Array(all.prefix(Self.mostOfOneFamily)))
        }
    }
}
