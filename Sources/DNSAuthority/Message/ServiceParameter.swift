/// A parameter of an SVCB or HTTPS record (RFC 9460 §2.2).
package struct ServiceParameter: Hashable, Sendable {
    /// Its SvcParamKey.
    package let key: UInt16
    /// Its SvcParamValue in wire form.
    package let value: [UInt8]

    /// A parameter of any key.
    package init(key: UInt16, value: [UInt8]) { (self.key, self.value) = (key, value) }

    /// The protocols that can be spoken there, by their ALPN identifiers; nil if there is none, or one is empty or over 255 octets
    /// (RFC 9460 §7.1).
    package static func alpn(_ protocols: [[UInt8]]) -> ServiceParameter? {
        guard !protocols.isEmpty, protocols.allSatisfy({ 1...255 ~= $0.count }) else { return nil }
        return ServiceParameter(key: Key.alpn, value: protocols.flatMap { [UInt8($0.count)] + $0 })
    }

    /// The port (RFC 9460 §7.2).
    package static func port(_ port: UInt16) -> ServiceParameter {
        var value: [UInt8] = []
        value.append(number: port)
        return ServiceParameter(key: Key.port, value: value)
    }

    /// IPv4 addresses that the target is likely to have; nil for none (RFC 9460 §7.3).
    package static func hint(ipv4 addresses: [UInt32]) -> ServiceParameter? { hint(Key.ipv4Hint, addresses) }

    /// IPv6 addresses that the target is likely to have; nil for none (RFC 9460 §7.3).
    package static func hint(ipv6 addresses: [UInt128]) -> ServiceParameter? { hint(Key.ipv6Hint, addresses) }

    private static func hint(_ key: UInt16, _ addresses: [some FixedWidthInteger]) -> ServiceParameter? {
        var value: [UInt8] = []
        for address in addresses { value.append(number: address) }
        return value.isEmpty ? nil : ServiceParameter(key: key, value: value)
    }

    /// The SvcParamKeys that have a form of their own here (RFC 9460 §14.3.2).
    private enum Key {
        static let mandatory: UInt16 = 0
        static let alpn: UInt16 = 1
        static let noDefaultALPN: UInt16 = 2
        static let port: UInt16 = 3
        static let ipv4Hint: UInt16 = 4
        static let ipv6Hint: UInt16 = 6

        /// The key in presentation form (RFC 9460 §2.1).
        static func text(_ key: UInt16) -> String {
            switch key {
            case mandatory: "mandatory"
            case alpn: "alpn"
            case noDefaultALPN: "no-default-alpn"
            case port: "port"
            case ipv4Hint: "ipv4hint"
            case ipv6Hint: "ipv6hint"
            default: "key\(key)"
            }
        }
    }
}

extension RecordData {
    /// An SVCB or HTTPS record (RFC 9460 §2.2), its parameters in any order; nil if two have one key, or the record would be too long.
    package static func binding(
        _ type: RecordType, priority: UInt16, target: DomainName, _ parameters: [ServiceParameter]
    ) -> RecordData? {
        var octets: [UInt8] = []
        octets.append(number: priority)
        // Uncompressed: RFC 9460 §2.2 forbids pointers in targets.
        octets += target.octets
        let sorted = parameters.sorted { $0.key < $1.key }
        guard zip(sorted, sorted.dropFirst()).allSatisfy({ $0.key < $1.key }) else { return nil }
        for parameter in sorted {
            guard let length = UInt16(exactly: parameter.value.count) else { return nil }
            octets.append(number: parameter.key)
            octets.append(number: length)
            octets += parameter.value
        }
        return octets.count <= UInt16.max ? .other(type, octets) : nil
    }

    /// A TXT record of these strings (RFC 1035 §3.3.14); nil if there is none, one is over 255 octets, or the record would be too long.
    package static func text(_ strings: [[UInt8]]) -> RecordData? {
        guard !strings.isEmpty, strings.allSatisfy({ $0.count <= UInt8.max }) else { return nil }
        let octets = strings.flatMap { [UInt8($0.count)] + $0 }
        return octets.count <= UInt16.max ? .other(.txt, octets) : nil
    }
}

// MARK: Presentation form

extension ServiceParameter {
    /// The parameters that some octets are; nil if their keys do not ascend, or one has a value that is none of its key's.
    static func list(_ octets: ArraySlice<UInt8>) -> [ServiceParameter]? {
        var rest = octets
        var list: [ServiceParameter] = []
        while !rest.isEmpty {
            guard let key = takeNumber(from: &rest), let length = takeNumber(from: &rest), length <= rest.count else { return nil }
            let parameter = ServiceParameter(key: key, value: Array(rest.prefix(Int(length))))
            guard list.last.map({ $0.key < key }) ?? true, parameter.isWellFormed else { return nil }
            list.append(parameter)
            rest = rest.dropFirst(Int(length))
        }
        return list
    }

    private static func takeNumber(from octets: inout ArraySlice<UInt8>) -> UInt16? {
        guard octets.count >= 2 else { return nil }
        defer { octets = octets.dropFirst(2) }
        return octets.prefix(2).reduce(0) { $0 << 8 | UInt16($1) }
    }

    private var isWellFormed: Bool {
        switch key {
        case Key.mandatory: !value.isEmpty && value.count % 2 == 0
        case Key.alpn: protocols != nil
        case Key.noDefaultALPN: value.isEmpty
        case Key.port: value.count == 2
        case Key.ipv4Hint: !value.isEmpty && value.count % 4 == 0
        case Key.ipv6Hint: !value.isEmpty && value.count % 16 == 0
        default: true
        }
    }

    /// The ALPN identifiers; nil if there is none, or if the value is no list of them.
    private var protocols: [ArraySlice<UInt8>]? {
        var rest = value[...]
        var list: [ArraySlice<UInt8>] = []
        while let length = rest.popFirst() {
            guard length > 0, length <= rest.count else { return nil }
            list.append(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
        }
        return list.isEmpty ? nil : list
    }

    /// The parameter as it stands in a master file (RFC 9460 §2.1).
    var text: String {
        let name = Key.text(key)
        switch key {
        case Key.mandatory: return "\(name)=" + parts(of: 2).map { Key.text($0.reduce(0) { $0 << 8 | UInt16($1) }) }.joined(separator: ",")
        case Key.alpn: return "\(name)=\"" + (protocols ?? []).map(Self.listed).joined(separator: ",") + "\""
        case Key.port: return "\(name)=\(value.reduce(0) { $0 << 8 | UInt16($1) })"
        case Key.ipv4Hint: return "\(name)=" + parts(of: 4).map(RecordFormat.ipv4).joined(separator: ",")
        case Key.ipv6Hint: return "\(name)=" + parts(of: 16).map(RecordFormat.ipv6).joined(separator: ",")
        default: return value.isEmpty ? name : "\(name)=\"" + value.map(\.quotedForm).joined() + "\""
        }
    }

    /// The value in parts of a length.
    private func parts(of length: Int) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: value.count, by: length).map { value[$0..<min($0 + length, value.count)] }
    }

    /// An item of a list within quotation marks: escaped as an item, then as a string (RFC 9460 Appendix A.1).
    private static func listed(_ item: ArraySlice<UInt8>) -> String {
        item.flatMap { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), $0] : [$0] }.map(\.quotedForm).joined()
    }
}
