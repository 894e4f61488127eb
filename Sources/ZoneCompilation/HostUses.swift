import DNSAuthority

/// Which services' addresses hang on which hosts.
struct HostUses {
    typealias ServiceReference = ZoneCompiler.ServiceReference

    /// What one service's providers name as hosts.
    private struct Named {
        var external: Set<String>
        var inside: Set<ServiceReference>
    }

    private var named: [ServiceReference: Named] = [:]
    private var externalUsers: [String: Set<ServiceReference>] = [:]
    private var insideUsers: [ServiceReference: Set<ServiceReference>] = [:]
    /// Hosts outside the zones that no service names any more, until they are forgotten.
    private var unused: Set<String> = []
    /// Every host outside the zones that some service names, or named until just now.
    private(set) var externalHosts: Set<String> = []

    /// Whether some service names a host outside the zones.
    func isUsed(_ host: String) -> Bool { externalUsers[host] != nil }

    /// The services that name a host outside the zones.
    func services(using host: String) -> Set<ServiceReference> { externalUsers[host] ?? [] }

    /// The services that name another service, or one of its instances, as a host.
    func services(inside service: ServiceReference) -> Set<ServiceReference> { insideUsers[service] ?? [] }

    /// What is named as a host inside a zone.
    func named(inZone index: Int) -> [ServiceReference] { insideUsers.keys.filter { $0.zone == index } }

    /// Takes in what a service names now.
    mutating func set(_ service: ServiceReference, external: Set<String>, inside: Set<ServiceReference>) {
        let old = named[service] ?? Named(external: [], inside: [])
        for host in old.external.subtracting(external) {
            externalUsers[host]?.remove(service)
            if externalUsers[host]?.isEmpty == true {
                externalUsers[host] = nil
                unused.insert(host)
            }
        }
        for host in external.subtracting(old.external) {
            externalUsers[host, default: []].insert(service)
            if unused.remove(host) == nil { externalHosts.insert(host) }
        }
        for other in old.inside.subtracting(inside) {
            insideUsers[other]?.remove(service)
            if insideUsers[other]?.isEmpty == true { insideUsers[other] = nil }
        }
        for other in inside.subtracting(old.inside) { insideUsers[other, default: []].insert(service) }
        named[service] = external.isEmpty && inside.isEmpty ? nil : Named(external: external, inside: inside)
    }

    /// Forgets a service that is gone.
    mutating func forget(_ service: ServiceReference) { set(service, external: [], inside: []) }

    /// Takes away the hosts that no service names any more, and gives them.
    mutating func takeUnused() -> Set<String> {
        defer { unused = [] }
        if !unused.isEmpty { externalHosts.subtract(unused) }
        return unused
    }
}
