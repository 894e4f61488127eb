import ProviderRegistry

// What is reported of a registry besides its services: znodes that cannot be used, and which event a change follows.

extension WatchState {
    /// Reports a znode once for each version of it.
    mutating func report(_ place: RegistryLayout.Place, _ reason: String, _ octets: [UInt8], version: Int64) {
        guard reported[place]?.version != version else { return }
        forgetReport(of: place)
        reported[place] = (version, reason)
        output.reports.append(ZnodeReport(path: layout.path(of: place), reason: reason, excerpt: ProviderDocument.excerpt(octets)))
    }

    /// A znode can be used, or is gone: a report of it is over.
    mutating func forgetReport(of place: RegistryLayout.Place) {
        guard let known = reported.removeValue(forKey: place) else { return }
        let path = layout.path(of: place)
        if let index = output.reports.firstIndex(where: { $0.path == path }) {
            output.reports.remove(at: index)
        } else {
            output.mended.append((path, known.reason))
        }
    }
}

// MARK: Events

extension WatchState {
    /// Has a service put out as different.
    mutating func putOut(_ name: ServiceName) {
        output.changed.insert(name)
        if let hearing { output.heard[name] = min(output.heard[name] ?? hearing, hearing) }
    }

    /// An event came that a request follows.
    mutating func hear(_ request: WatchRequest, at now: ContinuousClock.Instant) {
        if heard[request] == nil { heard[request] = now }
        ask(request, at: now)
    }

    /// Has a request follow the event that the answer which is being taken in follows.
    mutating func passOn(to request: WatchRequest) { if let hearing { heard[request] = min(heard[request] ?? hearing, hearing) } }
}
