import CLinux
import DNSAuthority
import Glibc

/// Memory for a batch of packets and what the kernel wants to know of them, allocated once for each worker.
///
/// Slot `n` holds a query, then the response over it; its address and control data lead the response back the way the query came.
struct PacketBatch: ~Copyable {
    /// Most packets that go through the kernel at once.
    static let capacity = 64
    /// Octets of a query that are looked at, at least: one that is longer reads as cut short.
    private static let leastSlotLength = 4096
    /// Octets of a slot: of a query that is looked at, and for the response. A multiple of the cache line, not of the page, so that the slots do
    /// not all compete for the same lines of the cache.
    private let slotLength: Int
    /// Room for the packet information of either family.
    private static let controlLength = 64

    private let memory: UnsafeMutableRawPointer
    private let addresses: UnsafeMutablePointer<sockaddr_in6>
    private let control: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<iovec>
    private let packets: UnsafeMutablePointer<mmsghdr>
    /// How many slots were in use last.
    private var count = 0
    private let usesControl: Bool

    /// `usesControl`: whether responses must leave from the address that the query was sent to. `capacity`: octets that a slot has at least.
    init(usesControl: Bool, capacity: Int) {
        self.usesControl = usesControl
        slotLength = (max(capacity, Self.leastSlotLength) + 4095) / 4096 * 4096 + 64
        memory = .allocate(byteCount: Self.capacity * slotLength, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: Self.capacity * slotLength)
        addresses = .allocate(capacity: Self.capacity)
        addresses.initialize(repeating: sockaddr_in6(), count: Self.capacity)
        control = .allocate(byteCount: Self.capacity * Self.controlLength, alignment: 16)
        control.initializeMemory(as: UInt8.self, repeating: 0, count: Self.capacity * Self.controlLength)
        vectors = .allocate(capacity: Self.capacity)
        packets = .allocate(capacity: Self.capacity)
        for index in 0..<Self.capacity {
            (vectors + index).initialize(to: iovec(iov_base: memory + index * slotLength, iov_len: slotLength))
            var header = msghdr()
            header.msg_name = UnsafeMutableRawPointer(addresses + index)
            header.msg_iov = vectors + index
            header.msg_iovlen = 1
            (packets + index).initialize(to: mmsghdr(msg_hdr: header, msg_len: 0))
        }
        count = Self.capacity
    }

    deinit {
        memory.deallocate()
        addresses.deallocate()
        control.deallocate()
        vectors.deallocate()
        packets.deallocate()
    }

    /// Takes in what has arrived, at most a batch; the number of packets, or what the C function, `recvmmsg`, returns on failure.
    mutating func receive(from descriptor: Int32, flags: Int32) -> Int {
        for index in 0..<count {
            vectors[index].iov_len = slotLength
            packets[index].msg_hdr.msg_namelen = socklen_t(MemoryLayout<sockaddr_in6>.size)
        }
        if usesControl { makeRoomForControl() }
        let received = Int(recvmmsg(descriptor, packets, UInt32(Self.capacity), flags, nil))
        count = max(received, 0)
        return received
    }

    private func makeRoomForControl() {
        for index in 0..<count {
            packets[index].msg_hdr.msg_control = control + index * Self.controlLength
            packets[index].msg_hdr.msg_controllen = Self.controlLength
        }
    }

    /// The memory of a packet's slot.
    @inline(__always)
    func slot(_ index: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: memory + index &* slotLength, count: slotLength)
    }

    /// Octets of a packet, as far as they fitted; 0 for one that came from port 0, to which nothing can be sent.
    @inline(__always)
    func length(_ index: Int) -> Int {
        addresses[index].sin6_port == 0 ? 0 : min(Int(packets[index].msg_len), slotLength)
    }

    /// The socket address that a packet came from. The C types are `sockaddr_in` and `sockaddr_in6`.
    @inline(__always)
    func client(_ index: Int) -> UnsafeRawPointer { UnsafeRawPointer(addresses + index) }

    /// Writes the address that a packet was sent to into a socket address of the same family, if the socket takes packets for several.
    func copyDestination(of index: Int, to address: UnsafeMutableRawPointer) {
        guard usesControl, let control = packets[index].msg_hdr.msg_control,
            packets[index].msg_hdr.msg_controllen >= MemoryLayout<cmsghdr>.size
        else { return }
        let kind = control.load(as: cmsghdr.self)
        let data = control + MemoryLayout<cmsghdr>.size
        if kind.cmsg_level == Int32(IPPROTO_IP), kind.cmsg_type == IP_PKTINFO {
            address.storeBytes(of: data.load(as: in_pktinfo.self).ipi_addr.s_addr, toByteOffset: 4, as: UInt32.self)
        } else if kind.cmsg_level == Int32(IPPROTO_IPV6), kind.cmsg_type == IPV6_PKTINFO {
            (address + 8).copyMemory(from: data, byteCount: 16)
        }
    }

    /// Where the response of a packet goes that comes later, once `respond` was called for it.
    func wayBack(of index: Int) -> WayBack {
        let header = packets[index].msg_hdr
        var way = WayBack(address: addresses[index], addressLength: header.msg_namelen)
        guard usesControl, let control = header.msg_control else { return way }
        way.controlLength = min(header.msg_controllen, Self.controlLength)
        withUnsafeMutableBytes(of: &way.control) { memory in
            memory.copyMemory(from: UnsafeRawBufferPointer(start: control, count: min(way.controlLength, memory.count)))
        }
        return way
    }

    /// Has the first `length` octets of a slot sent back to where its packet came from; none: nothing.
    @inline(__always)
    mutating func respond(_ index: Int, length: Int) {
        vectors[index].iov_len = length
        if usesControl { keepSourceAddress(&packets[index].msg_hdr) }
    }

    /// Sends the responses. A response that the kernel does not take is lost, as packets are. The C function is `sendmmsg`.
    mutating func send(to descriptor: Int32) {
        var next = 0
        while next < count {
            if vectors[next].iov_len == 0 {
                next += 1
                continue
            }
            var end = next + 1
            while end < count, vectors[end].iov_len > 0 { end += 1 }
            let sent = sendmmsg(descriptor, packets + next, UInt32(end - next), 0)
            if sent > 0 { next += Int(sent) } else if sent == 0 || errno != EINTR { next += 1 }
        }
    }

    /// Turns "arrived at this address" into "leave from this address" (RFC 3542 §6.1). The kernel chooses the interface, except for link-local
    /// addresses, which mean nothing without theirs.
    private func keepSourceAddress(_ header: inout msghdr) {
        guard let control = header.msg_control, header.msg_controllen >= MemoryLayout<cmsghdr>.size else {
            header.msg_control = nil
            header.msg_controllen = 0
            return
        }
        let kind = control.load(as: cmsghdr.self)
        let data = control + MemoryLayout<cmsghdr>.size
        if kind.cmsg_level == Int32(IPPROTO_IP), kind.cmsg_type == IP_PKTINFO {
            var information = data.load(as: in_pktinfo.self)
            information.ipi_ifindex = 0
            data.storeBytes(of: information, as: in_pktinfo.self)
        } else if kind.cmsg_level == Int32(IPPROTO_IPV6), kind.cmsg_type == IPV6_PKTINFO {
            let isLinkLocal = data.load(as: UInt8.self) == 0xFE && data.load(fromByteOffset: 1, as: UInt8.self) & 0xC0 == 0x80
            if !isLinkLocal { data.storeBytes(of: 0, toByteOffset: 16, as: UInt32.self) }
        }
    }
}

/// Where a packet came from, and the address of ours that its response leaves from.
struct WayBack: Sendable {
    let address: sockaddr_in6
    let addressLength: socklen_t
    /// What the kernel wants to know of it, if the socket takes packets for several addresses.
    var control: InlineArray<8, UInt64> = .init(repeating: 0)
    var controlLength = 0

    /// Sends a response that comes later. One that the kernel does not take at once is lost, as packets are. The C function is `sendmsg`.
    func send(_ response: UnsafeRawBufferPointer, through descriptor: Int32) {
        guard response.count > 0 else { return }
        var (address, control) = (address, control)
        var vector = iovec(iov_base: UnsafeMutableRawPointer(mutating: response.baseAddress), iov_len: response.count)
        withUnsafeMutablePointer(to: &address) { address in
            withUnsafeMutableBytes(of: &control) { control in
                withUnsafeMutablePointer(to: &vector) { vector in
                    var header = msghdr()
                    header.msg_name = UnsafeMutableRawPointer(address)
                    header.msg_namelen = addressLength
                    header.msg_iov = vector
                    header.msg_iovlen = 1
                    header.msg_control = controlLength > 0 ? control.baseAddress : nil
                    header.msg_controllen = controlLength
                    _ = sendmsg(descriptor, &header, Int32(MSG_DONTWAIT))
                }
            }
        }
    }
}
