import DNSAuthority
import ProviderRegistry

// MARK: Names below a service beside those of its instances

extension ServiceNaming {
    /// The label of the name at which one provider is given a query.
    static let oneLabel = "_one"
    /// The label above which parts of the network have their names.
    static let zoneLabel = "_zone"
    /// The label above which attributes have their names.
    static let tagLabel = "_tag"

    /// The labels right below a service that have names below them, and none of an instance unless there is one that is called so.
    package static let labelsAboveNames = protocols + [zoneLabel, tagLabel]

    /// What a name of a part of the network asks for, as CoreDNS's plugin `zonal` has it.
    enum Directive: String, CaseIterable {
        /// The providers there, and no others.
        case pin
        /// The providers there; all where there are none.
        case prefer
    }

    /// The name at which a service gives one provider a query; nil where it is longer than names may be.
    static func oneName(of owner: DomainName) -> DomainName? { owner.prepending(Array(oneLabel.utf8)) }

    /// The label of a named port: an underscore, which the port's name may begin with already, and the name.
    static func label(ofPort name: String) -> [UInt8] {
        let hasUnderscore = name.utf8.count > 1 && name.utf8.first == UInt8(ascii: "_")
        return (hasUnderscore ? [] : [UInt8(ascii: "_")]) + name.utf8
    }

    /// The names of a named port, given by its label, of a service: one for each protocol (RFC 2782).
    static func portNames(_ label: [UInt8], of owner: DomainName) -> [DomainName] {
        protocols.compactMap { owner.prepending(Array($0.utf8))?.prepending(label) }
    }

    /// The name that all names of a directive lie below.
    static func name(of directive: Directive, of owner: DomainName) -> DomainName? {
        owner.prepending(Array(zoneLabel.utf8))?.prepending(Array(directive.rawValue.utf8))
    }

    /// The name of a tag; nil if the key is no label, or the value no domain name.
    static func tagName(_ key: String, _ value: String, of owner: DomainName) -> DomainName? {
        guard isLabel(key.utf8) else { return nil }
        return owner.prepending(Array(tagLabel.utf8))?.prepending(Array(key.utf8)).flatMap { name(ofText: value, below: $0) }
    }

    /// The name of plain labels between dots below another; nil if a label is not plain, there are too many of them or the name is too long.
    static func name(ofText text: String, below parent: DomainName) -> DomainName? {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count <= mostLabels, labels.allSatisfy(isLabel) else { return nil }
        return DomainName(labels: labels)?.appending(parent)
    }

    /// Whether some label of a name in a zone begins with an underscore: instances of most services, and most services, have no such name.
    static func hasUnderscore(_ name: DomainName, in origin: DomainName) -> Bool {
        var start = 0
        while start < name.octets.count - origin.octets.count {
            if name.octets[start + 1] == UInt8(ascii: "_") { return true }
            start += 1 + Int(name.octets[start])
        }
        return false
    }
}

extension NameTable.Holder {
    /// What stands at a name, given its labels in front of those of the closest service above it; nil if nothing may.
    init?(_ labels: [ArraySlice<UInt8>], below owner: DomainName) {
        func isOne(_ label: ArraySlice<UInt8>, of texts: some Sequence<String>) -> Bool { texts.contains { $0.utf8.elementsEqual(label) } }
        guard let first = labels.first, let last = labels.last else { return nil }
        let isUnderscored = first.count > 1 && first.first == UInt8(ascii: "_")
        switch labels.count {
        case 1: self = isOne(first, of: [ServiceNaming.oneLabel]) ? .one(of: owner) : .instance(of: owner)
        case 2 where isUnderscored: self = isOne(last, of: ServiceNaming.protocols) ? .port(of: owner) : .portHost(of: owner)
        case 2... where isOne(last, of: [ServiceNaming.zoneLabel]):
            guard isOne(labels[labels.count - 2], of: ServiceNaming.Directive.allCases.map(\.rawValue)) else { return nil }
            self = .place(of: owner)
        case 3... where isOne(last, of: [ServiceNaming.tagLabel]): self = .tag(of: owner)
        default: return nil
        }
    }

    /// The service that has what stands at a name; nil if none has.
    package func owner(of name: DomainName) -> DomainName? {
        switch self {
        case .service: name
        case .nameServer: nil
        case .serviceName(let owner), .instance(let owner), .one(let owner), .port(let owner), .portHost(let owner), .place(let owner),
            .tag(let owner):
            owner
        }
    }

    /// What stands at the name, in words.
    package var text: String {
        switch self {
        case .service: "service"
        case .serviceName: "service name"
        case .nameServer: "name server"
        case .instance: "instance"
        case .one: "one provider a query"
        case .port: "named port"
        case .portHost: "host of a named port"
        case .place: "part of the network"
        case .tag: "tag"
        }
    }
}
