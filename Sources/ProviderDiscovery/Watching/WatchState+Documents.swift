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
        let registration = self.registration(content, instance, in: name, at: now)
        if services[name]?.set(instance, to: registration, version: version) == true { noteChange(of: name) }
    }

    private mutating func registration(
        _ content: ZnodeContent, _ instance: InstanceName, in name: ServiceName, at now: ContinuousClock.Instant
    ) -> Registration? {
        let place = RegistryLayout.Place.provider(name, instance: instance)
        let version = content.stat.modificationZxid
        do {
            guard case .provider(let document) = try layout.format.read(instance, content.octets) else {
                forgetReport(of: place)
                return nil
            }
            if document.problems.isEmpty {
                forgetReport(of: place)
            } else {
                report(place, document.problems.joined(separator: ", "), content.octets, version: version)
            }
            return Registration(creationZxid: content.stat.creationZxid, modificationZxid: version, provider: document.provider)
        } catch .withdrawn {
            if services[name]?.service.registrations[instance] != nil { output.withdrawn[name, default: []].insert(instance) }
            return nil
        } catch {
            report(place, error.rawValue, content.octets, version: version)
            // With a watch from now on, so that a mended document is seen at once.
            if !dataWatches.contains(instance, of: name), dataWatches.hasRoom(for: name, besides: queue.turns.size, isPreferred: true) {
                ask(.read(name, instance: instance), at: now)
            }
            return nil
        }
    }
}
