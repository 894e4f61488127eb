import ProviderRegistry

// The registry that an earlier program kept.

extension WatchState {
    /// Takes a registry that an earlier program kept for what is known, as if its session had ended at this instant: everything is served, and
    /// has to be proved. What this program has read already is newer. Ignored once the registry has been read whole.
    mutating func restore(_ registry: Registry, asOf instant: ContinuousClock.Instant) {
        guard !reach.isComplete else { return }
        var held: [ServiceName: [HeldProvider]] = [:]
        for (name, saved) in registry.services where mayExist(name) {
            guard services[name]?.isPartOfRegistry != true else { continue }
            join(name)
            let instances = services[name, default: ServiceState()].restore(saved)
            if layout.format.readsData { rereading.add(instances, of: name) }
            if !saved.held.isEmpty { held[name] = saved.held }
        }
        // These exist by the lists, and nothing is known of them.
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
    /// Adds the providers that an earlier program kept, except where this one has read more; the names of those added.
    fileprivate mutating func restore(_ saved: Service) -> [InstanceName] {
        var new: [InstanceName] = []
        for (instance, registration) in saved.registrations {
            let version = version(of: instance)
            // A provider that a list of this session lacks is gone.
            guard version == Self.unread || version == nil && need != .nothing else { continue }
            if version == nil { new.append(instance) }
            _ = set(instance, to: .provider(registration), version: Self.unread)
            service.registrations[instance]?.modificationZxid = Self.unread
        }
        for (instance, vector) in saved.weights {
            let version = version(of: instance)
            guard version == Self.unread || version == nil && need != .nothing else { continue }
            if version == nil { new.append(instance) }
            _ = set(instance, to: .weights(vector), version: Self.unread)
        }
        service.reach = saved.reach
        isPartOfRegistry = true
        return new
    }
}
