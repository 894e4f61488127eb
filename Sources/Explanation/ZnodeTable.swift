import ProviderRegistry
import ZooKeeperClient

/// The lines of an explanation about znodes: each one's owner, age, size, and what is served of it.
struct ZnodeTable {
    let layout: RegistryLayout
    /// The milliseconds since 1970 by this machine's clock.
    let now: Int64
    /// The znodes that stand for their host and port.
    private let winners: [Provider.Offer: MergedService.Member]
    /// Znodes without an instance name, and so without an SRV record.
    private let unnamed: Set<InstanceName>

    /// A table of znodes of the services that share a domain name; `unnamed` are those that no instance name fits.
    init(_ layout: RegistryLayout, of services: [Service], unnamed: Set<InstanceName>, now: Int64) {
        (self.layout, self.unnamed, self.now) = (layout, unnamed, now)
        let members = MergedService(services).members
        winners = Dictionary(uniqueKeysWithValues: members.map { ($0.provider.offer, $0) })
    }

    /// The lines of some of the znodes.
    func lines(of znodes: [ProviderZnode]) -> [String] { PlainText.columns(znodes.map(cells)) }

    /// The znode that this one is merged into; nil if it is not merged, or nothing is served of it.
    func twin(of znode: ProviderZnode) -> InstanceName? { winner(of: znode)?.instance }

    private func winner(of znode: ProviderZnode) -> MergedService.Member? {
        guard let registration = znode.registration, let winner = winners[registration.provider.offer],
            winner.instance != znode.instance || winner.registration.creationZxid != registration.creationZxid
        else { return nil }
        return winner
    }

    /// Why another znode stands for this one.
    private func reason(_ winner: MergedService.Member, _ znode: ProviderZnode) -> String {
        winner.provider.status == znode.registration?.provider.status ? "older znode" : "its status goes first"
    }

    private func cells(_ znode: ProviderZnode) -> [String] {
        let path = PlainText.name(layout.path(of: znode.instance, in: znode.service))
        guard let stat = znode.stat else { return [path, verdict(znode)] }
        let owner = stat.ephemeralOwner
        let size = znode.size > ProviderDocument.longest ? "over \(ProviderDocument.longest)" : String(znode.size)
        return [
            path, owner == 0 ? "persistent" : "session 0x" + String(UInt64(bitPattern: owner), radix: 16),
            PlainText.age(now.subtractingReportingOverflow(stat.creationTime).partialValue), size + " octets", verdict(znode),
        ]
    }

    /// What is served of a znode, or why nothing is.
    private func verdict(_ znode: ProviderZnode) -> String {
        switch znode.state {
        case .failed(.noNode): return "vanished while this was read"
        case .failed(let error): return "cannot be read: \(error.text)"
        case .rejected(let rejection, let excerpt):
            return "refused: \(rejection.rawValue)" + (excerpt.isEmpty ? "" : ": \(excerpt)")
        case .other: return "no provider's"
        case .usable(let document):
            let provider = document.provider
            var parts = [Provider.authority(provider.host.text, provider.port)]
            if provider.priority != 0 { parts.append("priority \(provider.priority)") }
            if provider.weight != 1 { parts.append("weight \(provider.weight)") }
            parts += PlainText.details(of: provider)
            parts += document.problems
            if let twin = winner(of: znode) {
                parts.append("merged into \(PlainText.name(twin.instance.text)) (same host and port, \(reason(twin, znode)))")
            } else if unnamed.contains(znode.instance) {
                parts.append("left out of SRV: no instance name fits")
            }
            return parts.joined(separator: ", ")
        }
    }
}
