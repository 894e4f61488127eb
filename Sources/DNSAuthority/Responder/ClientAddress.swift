/// The address that a query came from, as the kernel gives it. The C types are `sockaddr_in` and `sockaddr_in6`.
///
/// A view, valid as long as that memory. An IPv4-mapped address is an IPv4 address (RFC 4291 §2.5.5.2).
package struct ClientAddress {
    private let start: UnsafeRawPointer

    /// Octets of memory that are read, at most: those of a `sockaddr_in6`.
    package static let length = 28
    /// The C constant is `AF_INET6`, as Linux has it.
    private static let ipv6Family: UInt16 = 10
    /// The upper 96 bits of an IPv4-mapped address, as a number.
    private static let mapping: UInt128 = 0xFFFF << 32

    /// The address at which so many octets as `length` can be read.
    @inline(__always)
    package init(_ socketAddress: UnsafeRawPointer) { start = socketAddress }

    /// Where it stands.
    package var socketAddress: UnsafeRawPointer { start }

    /// What stands behind family and port: the address with what surrounds it in either type, other for each client.
    var octets: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start + 4, count: 20) }

    /// The address as a number, an IPv4 address in its mapped form.
    package var number: UInt128 {
        guard start.loadUnaligned(as: UInt16.self) == Self.ipv6Family else {
            return Self.mapping | UInt128(UInt32(bigEndian: start.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        }
        let upper = UInt64(bigEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        return UInt128(upper) << 64 | UInt128(UInt64(bigEndian: start.loadUnaligned(fromByteOffset: 16, as: UInt64.self)))
    }

    /// The IPv4 address in the mapped form of a number; nil for an IPv6 address.
    static func ipv4(of number: UInt128) -> UInt32? { number >> 32 == 0xFFFF ? UInt32(truncatingIfNeeded: number) : nil }
}

/// Which clients may have something: ranges of addresses.
package struct ClientRanges: Hashable, Sendable {
    /// Ranges of IPv4 addresses, in any order.
    package var ipv4: [ClosedRange<UInt32>]
    /// Ranges of IPv6 addresses, in any order. IPv4-mapped addresses are in none of them.
    package var ipv6: [ClosedRange<UInt128>]

    /// All clients.
    package static let all = ClientRanges(ipv4: [0 ... .max], ipv6: [0 ... .max])

    /// Clients in any of these ranges.
    package init(ipv4: [ClosedRange<UInt32>], ipv6: [ClosedRange<UInt128>]) { (self.ipv4, self.ipv6) = (ipv4, ipv6) }
}

/// Ranges of clients as the query path sees them, in memory that the owner must `deallocate`.
struct RangeTable {
    private let ipv4: SortedRanges<UInt32>
    private let ipv6: SortedRanges<UInt128>
    /// Whether every client is in one.
    let isAll: Bool

    init(_ ranges: ClientRanges) {
        (ipv4, ipv6) = (SortedRanges(ranges.ipv4), SortedRanges(ranges.ipv6))
        isAll = ipv4.isAll && ipv6.isAll
    }

    /// Whether a client is in one of the ranges. O(log ranges), no allocation.
    func contains(_ client: ClientAddress) -> Bool {
        let number = client.number
        return ClientAddress.ipv4(of: number).map(ipv4.contains) ?? ipv6.contains(number)
    }

    func deallocate() {
        ipv4.deallocate()
        ipv6.deallocate()
    }
}

/// Ranges in ascending order, with at least one number between each and the next.
private struct SortedRanges<Bound: FixedWidthInteger & UnsignedInteger & Sendable> {
    private let ranges: UnsafeMutableBufferPointer<(lower: Bound, upper: Bound)>

    init(_ unsorted: [ClosedRange<Bound>]) {
        var sorted: [(lower: Bound, upper: Bound)] = []
        for range in unsorted.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = sorted.last, last.upper == .max || range.lowerBound <= last.upper + 1 {
                sorted[sorted.count - 1].upper = max(last.upper, range.upperBound)
            } else {
                sorted.append((range.lowerBound, range.upperBound))
            }
        }
        ranges = .allocate(capacity: sorted.count)
        _ = ranges.initialize(from: sorted)
    }

    var isAll: Bool { ranges.first.map { $0.lower == 0 && $0.upper == .max } ?? false }

    func contains(_ number: Bound) -> Bool {
        let next = firstIndex(below: ranges.count) { ranges[$0].lower > number }
        return next > 0 && ranges[next - 1].upper >= number
    }

    func deallocate() { ranges.deallocate() }
}
