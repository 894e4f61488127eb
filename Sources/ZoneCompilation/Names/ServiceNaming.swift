import Crypto
import DNSAuthority
import ProviderRegistry

/// Which domain names stand for services and their instances.
package enum ServiceNaming {
    /// The protocols under which a service name is found (RFC 2782).
    package static let protocols = ["_tcp", "_udp"]

    /// Most labels of a service's name: more than reversed names of packages have, and so few that the names between a service, or its
    /// service names, and the origin cost little.
    package static let mostLabels = 10

    /// The name of a service in a zone. A name with dots spans several labels; one of several levels has the last level first. Nil if it
    /// cannot be a domain name, has too many labels, or would be a wildcard to other name servers that have the zone (RFC 4592 §2.1.1).
    package static func owner(of service: ServiceName, in origin: DomainName) -> DomainName? {
        service.withOctets { octets in
            guard octets.contains(UInt8(ascii: "/")) else { return owner(ofLabels: octets, in: origin) }
            let levels = octets.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            return Array(levels.reversed().joined(separator: [UInt8(ascii: ".")])).withUnsafeBytes { owner(ofLabels: $0, in: origin) }
        }
    }

    private static func owner(ofLabels octets: UnsafeRawBufferPointer, in origin: DomainName) -> DomainName? {
        var (labels, start) = (1, 0)
        for index in 0..<octets.count + 1 where index == octets.count || octets[index] == UInt8(ascii: ".") {
            if index == start + 1, octets[start] == UInt8(ascii: "*") { return nil }
            if index < octets.count { labels += 1 }
            start = index + 1
        }
        return labels <= mostLabels ? DomainName(labels: octets, below: origin) : nil
    }

    /// The service name (RFC 2782) under a protocol of the service at a name in a zone; nil where it is longer than names may be.
    package static func serviceName(of owner: DomainName, _ protocolLabel: String, in origin: DomainName) -> DomainName? {
        let relative = owner.octets.count - origin.octets.count
        guard relative > 0, relative + 1 + protocolLabel.utf8.count <= DomainName.maximumLength else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: DomainName.maximumLength, alignment: 1) { text in
            owner.octets.withUnsafeBytes { text.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<relative])) }
            // The labels of a service have no dots.
            var next = 0
            while next < relative {
                let length = Int(text[next])
                text[next] = next == 0 ? UInt8(ascii: "_") : UInt8(ascii: ".")
                next += 1 + length
            }
            text[relative] = UInt8(ascii: ".")
            var end = relative + 1
            for octet in protocolLabel.utf8 {
                text[end] = octet
                end += 1
            }
            return DomainName(labels: UnsafeRawBufferPointer(rebasing: text[..<end]), below: origin)
        }
    }

    /// The name of the service that a service name (RFC 2782) in a zone would stand for; nil for a name that is none.
    static func owner(ofServiceName name: DomainName, in origin: DomainName) -> DomainName? {
        // Most names are none, and every instance's is looked at.
        guard name.octets.count > 1, name.octets[1] == UInt8(ascii: "_") else { return nil }
        var labels = name.labels.dropLast(origin.labels.count).map(Array.init)
        guard labels.count >= 2, let last = labels.popLast(), protocols.contains(where: { $0.utf8.elementsEqual(last) }) else { return nil }
        labels[0].removeFirst()
        return DomainName(labels: labels)?.appending(origin)
    }

    /// The label of an instance: its znode's name in lower case if that is a plain label that stands for nothing else, else its digest.
    package static func label(ofInstance znode: InstanceName) -> [UInt8] {
        let label = znode.withOctets { octets in isLabel(octets) ? octets.map { 65...90 ~= $0 ? $0 | 0x20 : $0 } : nil }
        return label.flatMap { $0.elementsEqual(oneLabel.utf8) ? nil : $0 } ?? digestLabel(ofInstance: znode)
    }

    /// `i-` and the first sixteen hexadecimal digits of the SHA-256 of a znode's name.
    package static func digestLabel(ofInstance znode: InstanceName) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        let digest = SHA256.hash(data: Array(znode.text.utf8))
        return Array("i-".utf8) + digest.prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// Appends the name of an instance below its service if its znode's name is a plain label in lower case; false if its label is another.
    static func append(plainNameOf znode: InstanceName, below owner: DomainName, to names: inout NameList) -> Bool {
        var isPlain = false
        znode.read { octets in
            guard znode.isUUID || isLabel(octets) && octets.allSatisfy({ !(65...90 ~= $0) }) && !octets.elementsEqual(oneLabel.utf8) else {
                return
            }
            isPlain = names.append(label: octets, below: owner)
        }
        return isPlain
    }

    /// Whether these are 1 to 63 letters, digits, `-` and `_`.
    static func isLabel(_ octets: some Collection<UInt8>) -> Bool {
        1...DomainName.maximumLabelLength ~= octets.count
            && octets.allSatisfy { octet in
                switch octet {
                case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }
}

extension ServiceName {
    fileprivate func withOctets<Result>(_ body: (UnsafeRawBufferPointer) -> Result?) -> Result? {
        var result: Result?
        read { result = body($0) }
        return result
    }
}

extension InstanceName {
    fileprivate func withOctets<Result>(_ body: (UnsafeRawBufferPointer) -> Result?) -> Result? {
        var result: Result?
        read { result = body($0) }
        return result
    }

    /// Where the instance lies on the ring.
    var ringPlace: UInt32 { withOctets(Ring.place) ?? 0 }
}
