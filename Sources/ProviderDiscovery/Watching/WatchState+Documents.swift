import ProviderRegistry
import ZooKeeperClient

// What documents make of the registry.
extension WatchState {
    /// Takes in a provider's document as it is now.
    mutating func read(_ content: ZnodeContent, of instance: InstanceName, in name: ServiceName, at now: ContinuousClock.Instant) {
        guard let known = services[name]?.version(of: instance) else { return }
        defer { arrived(instance, in: name) }
        let request = WatchRequest.read(name, instance: instance)
        pacing.succeeded(request)
        services[name]?.standing.remove(request)
        services[name]?.refused.remove(instance)
        services[name]?.neverRead.remove(instance)
        let version = content.stat.modificationZxid
        guard known != version else { return }
        let child = child(content.octets, content.stat, instance, in: name, at: now)
        if services[name]?.set(instance, to: child, version: version) == true { noteChange(of: name) }
    }

    /// Reads children whose names say all. They have no Stat, so that all have the same age: names decide which of equal providers counts.
    mutating func readNames(_ instances: Set<InstanceName>, of name: ServiceName, at now: ContinuousClock.Instant) {
        services[name]?.need = .nothing
        var isDifferent = false
        let stat = ZnodeStat(creationZxid: 0, modificationZxid: ServiceState.unread)
        for instance in instances {
            let child = child([], stat, instance, in: name, at: now)
            if services[name]?.set(instance, to: child, version: ServiceState.unread) == true { isDifferent = true }
        }
        if isDifferent { noteChange(of: name) }
    }

    private mutating func child(
        _ octets: [UInt8], _ stat: ZnodeStat, _ instance: InstanceName, in name: ServiceName, at now: ContinuousClock.Instant
    ) -> ServiceState.Child {
        let place = RegistryLayout.Place.provider(name, instance: instance)
        do {
            let reading = try layout.format.read(instance, octets)
            if case .provider(let document) = reading, !document.problems.isEmpty {
                report(place, document.problems.joined(separator: ", "), octets, version: stat.modificationZxid)
            } else {
                forgetReport(of: place)
            }
            return ServiceState.Child(reading, stat)
        } catch .withdrawn {
            if services[name]?.service.registrations[instance] != nil { output.withdrawn[name, default: []].insert(instance) }
        } catch {
            report(place, error.rawValue, octets, version: stat.modificationZxid)
            // With a watch from now on, so that a mended document is seen at once.
            if layout.format.readsData, !dataWatches.contains(instance, of: name),
                dataWatches.hasRoom(for: name, besides: queue.turns.size, isPreferred: true)
            {
                ask(.read(name, instance: instance), at: now)
            }
        }
        return .other
    }
}
