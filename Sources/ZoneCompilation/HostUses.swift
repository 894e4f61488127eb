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
    /// Every host outside the zones that some service names.
    private(set) var externalHosts: Set<String> = []

    /// The services that name a host outside the zones.
    func services(using host: String) -> Set<ServiceReference> { externalUsers[host] ?? [] }

    /// The services that name another service, or one of its instances, as a host.
    func services(inside service: ServiceReference) -> Set<ServiceReference> { insideUsers[service] ?? [] }

    /// The services that name something in a zone as a host.
    func services(insideZone index: Int) -> Set<ServiceReference> {
        insideUsers.filter { $0.key.zone == index }.reduce(into: []) { $0.formUnion($1.value) }
    }

    /// Says anew what a service names.
    mutating func set(_ service: ServiceReference, external: Set<String>, inside: Set<ServiceReference>) {
        let old = named[service] ?? Named(external: [], inside: [])
        for host in old.external.subtracting(external) {
            externalUsers[host]?.remove(service)
            if externalUsers[host]?.isEmpty == true {
                externalUsers[host] = nil
                externalHosts.remove(host)
            }
        }
        for host in external.subtracting(old.external) {
            externalUsers[host, default: []].insert(service)
            externalHosts.insert(host)
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
}
