import Crypto
import ProviderRegistry

/// Where Envoy is to send a cluster's requests: its `ClusterLoadAssignment` as JSON.
package struct LoadAssignment: Sendable {
    /// The name by which Envoy asks for it.
    package let cluster: String
    /// Its JSON, the same for the same providers.
    package let text: String
    /// How many endpoints there are.
    package let count: Int
    /// Whether there are providers whose addresses are not known.
    package let lacksAddresses: Bool

    /// The type of what Envoy's endpoint discovery is answered with.
    package static let type = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
    /// The greatest number of a priority that Envoy takes.
    private static let lastPriority = 128

    /// Endpoints that share a priority and a part of the network.
    private struct Place: Hashable {
        let priority: Int
        let zone: String
    }

    /// The assignment of a cluster to the providers of services: an empty one without any. Nil while nothing can be said of them.
    init?(_ cluster: String, _ services: [ServedService]) {
        var all: [(rank: [UInt16], provider: ServedProvider, address: String)] = []
        var seen: Set<String> = []
        var lacksAddresses = false
        for service in services {
            guard !service.isUnknown else { return nil }
            for provider in service.providers {
                guard let addresses = service.addresses(of: provider) else {
                    lacksAddresses = true
                    continue
                }
                // Of one family, as many proxies reach only one; of a machine that has both, IPv4.
                let ipv4 = addresses.filter { if case .v4 = $0 { true } else { false } }
                for address in (ipv4.isEmpty ? addresses : ipv4).map(\.text).sorted() {
                    guard seen.insert("\(address) \(provider.port)").inserted else { continue }
                    // Weight 0 is a last resort (RFC 2782), and no weight to Envoy: those come after the others of their priority.
                    let rank = [provider.provider.priority, provider.provider.weight == 0 ? 1 : 0]
                    all.append((rank, provider, address))
                }
            }
        }
        guard !all.isEmpty || !lacksAddresses else { return nil }
        // Envoy's priorities begin with 0 and leave no number out.
        let ranks = Set(all.map(\.rank)).sorted { $0.lexicographicallyPrecedes($1) }
        let numbers = Dictionary(ranks.enumerated().map { ($1, min($0, Self.lastPriority)) }) { first, _ in first }
        var places: [Place: [String]] = [:]
        for (rank, provider, address) in all {
            let place = Place(priority: numbers[rank] ?? 0, zone: provider.provider.details?.zone ?? "")
            places[place, default: []].append(Self.endpoint(provider, address))
        }
        self.cluster = cluster
        (count, self.lacksAddresses) = (all.count, lacksAddresses)
        let sorted = places.sorted { ($0.key.priority, $0.key.zone) < ($1.key.priority, $1.key.zone) }
        text =
            #"{"@type":"\#(Self.type)","cluster_name":\#(PushedText.quoted(cluster)),"endpoints":["#
            + sorted.map { Self.locality($0.key, $0.value) }.joined(separator: ",") + "]}"
    }

    private static func locality(_ place: Place, _ endpoints: [String]) -> String {
        let locality = place.zone.isEmpty ? "" : #""locality":{"zone":\#(PushedText.quoted(place.zone))},"#
        return "{\(locality)\"priority\":\(place.priority),\"lb_endpoints\":[\(endpoints.joined(separator: ","))]}"
    }

    private static func endpoint(_ provider: ServedProvider, _ address: String) -> String {
        let socket = #"{"socket_address":{"address":"\#(address)","port_value":\#(provider.port)}}"#
        let health = provider.provider.status == .draining ? "DRAINING" : "HEALTHY"
        let weight = max(1, provider.provider.weight)
        return #"{"endpoint":{"address":\#(socket)},"health_status":"\#(health)","load_balancing_weight":\#(weight)}"#
    }
}

extension LoadAssignment {
    /// A discovery response with assignments, as Envoy takes it over REST and in a file. `label` stands in front of the version.
    package static func response(_ assignments: [LoadAssignment], label: String) -> (version: String, text: String) {
        let resources = assignments.map(\.text).joined(separator: ",")
        let version = PushedText.version(label, of: resources)
        return (version, #"{"version_info":"\#(version)","type_url":"\#(type)","resources":[\#(resources)]}"# + "\n")
    }

    /// The name of a file for the assignment: the cluster's with `.json`, other characters than those of host names percent-encoded, the
    /// rest of a long one as a digest.
    package var fileName: String {
        let name = cluster.utf8.map { octet in
            switch octet {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): String(UnicodeScalar(octet))
            default: "%" + (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
            }
        }.joined()
        return (name.utf8.count <= Self.longestName ? name : "\(name.prefix(Self.longestName))-\(PushedText.digest(name))") + ".json"
    }

    /// Characters of a file's name, of 255 that there may be.
    private static let longestName = 200

    /// The assignment of a cluster whose service is gone.
    package static func empty(_ cluster: String) -> LoadAssignment? { LoadAssignment(cluster, []) }
}

/// JSON that is written piece by piece, as a registry may be large.
enum PushedText {
    /// A text as JSON has it (RFC 8259 §7).
    static func quoted(_ text: String) -> String {
        var octets: [UInt8] = [UInt8(ascii: "\"")]
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): octets += [UInt8(ascii: "\\"), octet]
            case 0..<32: octets += Array((octet < 16 ? "\\u000" : "\\u00").utf8) + Array(String(octet, radix: 16).utf8)
            default: octets.append(octet)
            }
        }
        return String(decoding: octets + [UInt8(ascii: "\"")], as: UTF8.self)
    }

    /// The version of a text: a label, such as the serials of its zones, and its digest.
    static func version(_ label: String, of text: String) -> String { "\(label)-\(digest(text))" }

    /// Whether two versions stand for the same text.
    static func isSame(_ version: String, _ other: String) -> Bool {
        !version.isEmpty && version.split(separator: "-").last == other.split(separator: "-").last
    }

    /// The first sixteen hexadecimal digits of a text's SHA-256.
    static func digest(_ text: String) -> String {
        SHA256.hash(data: Array(text.utf8)).prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
