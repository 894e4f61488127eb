import ProviderRegistry

// What was kept of a registry while no program followed it.

extension WatchState {
    /// Takes what the registry was at an earlier time for what is known of it, as if a session had ended then: everything is served, and has to be
    /// proved. What has been read since is newer. Nothing once the registry has been read whole.
    mutating func restore(_ registry: Registry, asOf instant: ContinuousClock.Instant) {
        guard !reach.isComplete else { return }
        var held: [ServiceName: [HeldProvider]] = [:]
        for (name, saved) in registry.services where !reach.isRead || services[name] != nil {
            guard services[name]?.isPartOfRegistry != true else { continue }
            let instances = services[name, default: ServiceState()].restore(saved)
            rereading.add(instances, of: name)
            if !saved.held.isEmpty { held[name] = saved.held }
        }
        // Listed, but neither read whole nor known from earlier: there is such a service.
        for (name, state) in services where !state.isPartOfRegistry {
            services[name]?.service.reach = .unknown
            services[name]?.isPartOfRegistry = true
        }
        reach.isComplete = true
        reach.outSince = instant
        output.isNewlyComplete = true
        output.restored = held
        output.reach = false
    }
}

extension WatchState.ServiceState {
    /// Takes the providers that were there earlier for those that are, but for what has been read since; the names that are new here.
    fileprivate mutating func restore(_ saved: Service) -> [InstanceName] {
        var new: [InstanceName] = []
        for (instance, registration) in saved.registrations {
            let version = version(of: instance)
            // What a list of this session has left out is gone.
            guard version == Self.unread || version == nil && need != .nothing else { continue }
            if version == nil { new.append(instance) }
            _ = set(instance, to: registration, version: Self.unread)
            service.registrations[instance]?.modificationZxid = Self.unread
        }
        service.reach = saved.reach
        isPartOfRegistry = true
        return new
    }
}
