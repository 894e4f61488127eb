import IPAddressing

/// Adds up the addresses of hosts: the lowest `HostAddresses.mostOfOneFamily` distinct ones of each family, whatever the order in which they
/// come; unknown only while nothing is known and something is missing.
struct AddressSum {
    private var ipv4 = Family<IPv4Address>()
    private var ipv6 = Family<IPv6Address>()
    /// Whether some may be out of date.
    var isHeld = false

    private struct Family<Address: Hashable & Sendable> {
        /// Sorted.
        var known: [Address] = []
        var isMissing = false

        mutating func add(_ more: KnownAddresses<Address>, _ isLess: (Address, Address) -> Bool) {
            if more.isUnknown { isMissing = true }
            add(more.addresses, isLess)
        }

        mutating func add(_ other: Family, _ isLess: (Address, Address) -> Bool) {
            isMissing = isMissing || other.isMissing
            add(other.known, isLess)
        }

        private mutating func add(_ addresses: [Address], _ isLess: (Address, Address) -> Bool) {
            guard !addresses.isEmpty, addresses != known else { return }
            let isSorted = zip(addresses, addresses.dropFirst()).allSatisfy(isLess)
            // Shared, not copied: many names may lead to one.
            if known.isEmpty, isSorted, addresses.count <= HostAddresses.mostOfOneFamily {
                known = addresses
                return
            }
            merge(isSorted ? addresses : addresses.sorted(by: isLess), isLess)
        }

        /// Merges sorted addresses, of which one may occur more than once.
        private mutating func merge(_ more: [Address], _ isLess: (Address, Address) -> Bool) {
            let most = HostAddresses.mostOfOneFamily
            if known.count == most, let last = known.last, let first = more.first, !isLess(first, last) { return }
            var merged: [Address] = []
            merged.reserveCapacity(min(known.count + more.count, most))
            var (left, right) = (known[...], more[...])
            while merged.count < most {
                let isLeft = if let first = left.first { right.first.map { !isLess($0, first) } ?? true } else { false }
                guard let next = isLeft ? left.popFirst() : right.popFirst() else { break }
                if merged.last != next { merged.append(next) }
            }
            known = merged
        }

        var result: KnownAddresses<Address> { known.isEmpty && isMissing ? .unknown : .known(known) }
    }

    /// Adds what is known of a host.
    mutating func add(_ addresses: HostAddresses) {
        ipv4.add(addresses.ipv4) { $0.value < $1.value }
        ipv6.add(addresses.ipv6) { $0.value < $1.value }
        isHeld = isHeld || addresses.isHeld
    }

    /// Adds another sum.
    mutating func add(_ sum: AddressSum) {
        ipv4.add(sum.ipv4) { $0.value < $1.value }
        ipv6.add(sum.ipv6) { $0.value < $1.value }
        isHeld = isHeld || sum.isHeld
    }

    /// The sum.
    var addresses: HostAddresses {
        var addresses = HostAddresses(ipv4: ipv4.result, ipv6: ipv6.result)
        addresses.isHeld = isHeld
        return addresses
    }
}
