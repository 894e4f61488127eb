import Crypto
import DNSAuthority
import ProviderRegistry

/// Which domain names stand for services and their instances.
package enum ServiceNaming {
    /// The protocols under which the SRV form of a service is found (RFC 2782).
    package static let protocols = ["_tcp", "_udp"]

    /// Most labels of a service's name: more than reversed names of packages have, and so few that the names between a service, or its SRV
    /// forms, and the origin cost little.
    package static let mostLabels = 10

    /// The name of a service in a zone; a name with dots spans several labels. Nil if it cannot be a domain name, has too many
    /// labels, or would be a wildcard to other name servers that have the zone (RFC 4592 §2.1.1).
    package static func owner(of service: ServiceName, in origin: DomainName) -> DomainName? {
        let labels = service.text.utf8.split(separator: UInt8(ascii: "."), maxSplits: mostLabels, omittingEmptySubsequences: false)
        guard labels.count <= mostLabels, !labels.contains(where: { $0.elementsEqual("*".utf8) }) else { return nil }
        return DomainName(labels: labels)?.appending(origin)
    }

    /// `_<service>.<protocol>` in the service's zone (RFC 2782); nil where that is longer than names may be.
    package static func srvForm(of owner: DomainName, _ protocolLabel: String, in origin: DomainName) -> DomainName? {
        var labels = owner.labels.dropLast(origin.labels.count).map(Array.init)
        guard let first = labels.first else { return nil }
        labels[0] = [UInt8(ascii: "_")] + first
        labels.append(Array(protocolLabel.utf8))
        return DomainName(labels: labels)?.appending(origin)
    }

    /// The names between a name and the origin, both left out, deepest first: empty non-terminals unless something stands there.
    static func ancestors(of name: DomainName, below origin: DomainName) -> [DomainName] {
        var ancestors: [DomainName] = []
        var next = name.parent
        while let name = next, name.octets.count > origin.octets.count {
            ancestors.append(name)
            next = name.parent
        }
        return ancestors
    }

    /// The label of an instance: its znode's name in lower case if that is a plain label, else its digest.
    package static func label(ofInstance znode: InstanceName) -> [UInt8] {
        let octets = Array(znode.text.utf8)
        guard 1...DomainName.maximumLabelLength ~= octets.count, octets.allSatisfy(isPlain) else { return digestLabel(ofInstance: znode) }
        return octets.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
    }

    /// `i-` and the first sixteen hexadecimal digits of the SHA-256 of a znode's name.
    package static func digestLabel(ofInstance znode: InstanceName) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return Array("i-".utf8)
            + SHA256.hash(data: Array(znode.text.utf8)).prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// Letters, digits, `-` and `_`.
    private static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
