/// A znode's content, read: what a provider offers, in whatever format.
package struct ProviderDocument: Hashable, Sendable {
    /// What it offers.
    package let provider: Provider
    /// What is wrong with optional fields, which are left out: a text for each.
    package let problems: [String]

    package init(_ provider: Provider, problems: [String] = []) { (self.provider, self.problems) = (provider, problems) }

    /// A provider with what a builder has collected.
    init(_ host: ProviderHost, _ port: UInt16, weight: UInt16 = 1, priority: UInt16 = 0, _ details: DetailsBuilder) {
        self.init(
            Provider(host: host, port: port, weight: weight, priority: priority, details: details.details), problems: details.problems)
    }

    /// Most octets that a document may have.
    package static let longest = 64 * 1024
    /// How deeply a document may be nested: far beyond any real one, and no danger to a reader that recurses.
    static let deepest = 100

    /// Why a znode is no provider.
    package enum Rejection: String, Error, Sendable {
        /// There is no data.
        case empty = "no data"
        /// There is too much of it.
        case tooLong = "longer than 64 KiB"
        /// Arrays or objects lie too deep in each other.
        case tooDeep = "nested more than 100 deep"
        /// It is no JSON object (RFC 8259), or not UTF-8.
        case notAnObject = "not a JSON object"
        /// There is no `host`, or it is no text.
        case noHost = "no host, or not a string"
        /// `host` is neither an address nor a host name.
        case badHost = "host is neither an address nor a host name"
        /// `host` is an address to which no packet can be sent as to one host.
        case unreachableHost = "host is an address that no host has, as 0.0.0.0 or a group's: give one that others can reach"
        /// There is no `port`, or it is no port.
        case badPort = "no port, or not an integer from 1 to 65535"
        /// No endpoint has a host that others can reach, with a port.
        case noEndpoint = "no endpoint with a host that others can reach, and a port"
        /// A text is no host with a port.
        case badEndpoint = "not HOST:PORT with a host that others can reach"
        /// The znode's name is no URL, percent-encoded.
        case badURL = "its name is not the percent-encoded URL of a provider"
        /// The znode's name hides no document.
        case badName = "its name is not the base64 of a JSON object"
        /// It names more weights than are applied.
        case tooManyWeights = "more than 64 weights"
        /// Its registrant has taken the provider back, and is about to delete the znode.
        case withdrawn = "withdrawn by its registrant"
    }

    /// The members of a znode's content.
    static func object(_ octets: [UInt8]) throws(Rejection) -> JSONObject {
        guard case .object(let members) = try json(octets) else { throw .notAnObject }
        return members
    }

    /// A znode's content as JSON.
    static func json(_ octets: [UInt8]) throws(Rejection) -> JSONValue {
        guard !octets.isEmpty else { throw .empty }
        guard octets.count <= longest else { throw .tooLong }
        guard !WithdrawalMark.isMarked(octets) else { throw .withdrawn }
        do throws(JSONValue.Failure) { return try JSONValue(octets, deepest: deepest) } catch {
            throw error == .tooDeep ? .tooDeep : .notAnObject
        }
    }

    /// A host that others can reach.
    static func host(_ value: JSONValue?) throws(Rejection) -> ProviderHost {
        guard let text = value?.text else { throw .noHost }
        guard let host = ProviderHost(text) else { throw .badHost }
        guard host.isReachable else { throw .unreachableHost }
        return host
    }

    /// The first octets of a document as plain text, for people: at most 64, others than printable ASCII escaped.
    package static func excerpt(_ octets: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        let text = octets.prefix(64).map { octet in
            32...126 ~= octet ? String(UnicodeScalar(octet)) : "\\x" + String([digits[Int(octet >> 4)], digits[Int(octet & 15)]])
        }
        return text.joined() + (octets.count > 64 ? "…" : "")
    }
}

/// What a registrant writes behind a provider's document before it deletes the znode on purpose: white space alone, in a pattern that no other
/// writer leaves there.
///
/// The deletion of a znode looks the same from outside whether its owner wanted it or its session ran out. To any reader of JSON (RFC 8259 §2)
/// the marked document is the one that was there before, also to those that take no member but `host` and `port`.
package enum WithdrawalMark {
    static let octets = Array("\n\t \t\t \t\n".utf8)

    /// The document with the mark; nil if it would be longer than a document may be.
    package static func mark(_ document: [UInt8]) -> [UInt8]? {
        document.count + octets.count <= ProviderDocument.longest ? document + octets : nil
    }

    /// Whether a znode's content has the mark.
    package static func isMarked(_ content: [UInt8]) -> Bool { content.suffix(octets.count).elementsEqual(octets) }
}
