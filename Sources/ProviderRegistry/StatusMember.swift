/// The status in the text of a provider's document, which can be changed while all other members stay as they are and where they are.
package enum StatusMember {
    private static let name = "status"

    /// A document with this status; nil if the octets are no JSON object, or would be more than a document may have.
    package static func set(_ status: ProviderStatus, in document: [UInt8]) -> [UInt8]? {
        guard document.count <= ProviderDocument.longest, let value = try? JSONValue(document, deepest: ProviderDocument.deepest),
            case .object = value
        else { return nil }
        let object = TopLevel(document)
        var changed = document
        if object.values.isEmpty {
            let separator = object.isEmpty ? "" : ", "
            changed.insert(contentsOf: Array("\(separator)\"\(name)\": \"\(status.rawValue)\"".utf8), at: object.end)
        }
        for range in object.values.reversed() { changed.replaceSubrange(range, with: Array("\"\(status.rawValue)\"".utf8)) }
        return changed.count <= ProviderDocument.longest ? changed : nil
    }

    /// Where the status stands among the members of an object that is known to be JSON.
    private struct TopLevel {
        /// The values of the status: more than one where a writer repeats it.
        private(set) var values: [Range<Int>] = []
        /// Whether the object has no members.
        private(set) var isEmpty = true
        /// Behind the last member.
        private(set) var end = 0

        private var depth = 0
        /// Behind the last octet that is no space.
        private var last = 0
        private var key: Range<Int>?
        private var start: Int?

        init(_ octets: [UInt8]) {
            var index = 0
            while index < octets.count {
                if octets[index] == UInt8(ascii: "\"") {
                    let next = Self.endOfString(in: octets, from: index)
                    if depth == 1, key == nil { (key, isEmpty) = (index..<next, false) }
                    (index, last) = (next, next)
                } else {
                    take(octets[index], at: index, in: octets)
                    index += 1
                }
            }
        }

        private mutating func take(_ octet: UInt8, at index: Int, in octets: [UInt8]) {
            switch octet {
            case 0x20, 0x09, 0x0A, 0x0D: return
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 1 { endMember(octets) }
                depth -= 1
            case UInt8(ascii: ",") where depth == 1: endMember(octets)
            case UInt8(ascii: ":") where depth == 1: start = index + 1
            default: break
            }
            last = index + 1
        }

        private mutating func endMember(_ octets: [UInt8]) {
            end = last
            defer { (key, start) = (nil, nil) }
            guard let key, let start, (try? JSONValue(Array(octets[key]), deepest: 1)) == .string(StatusMember.name) else { return }
            let first = octets[start..<end].firstIndex { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } ?? start
            values.append(first..<end)
        }

        private static func endOfString(in octets: [UInt8], from start: Int) -> Int {
            var index = start + 1
            while index < octets.count, octets[index] != UInt8(ascii: "\"") { index += octets[index] == UInt8(ascii: "\\") ? 2 : 1 }
            return min(index + 1, octets.count)
        }
    }
}
