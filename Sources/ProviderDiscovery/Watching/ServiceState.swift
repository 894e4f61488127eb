import ProviderRegistry
import ZooKeeperClient

extension WatchState {
    /// One service as it was last read.
    struct ServiceState {
        /// The usable providers.
        var service = Service()
        /// The other children, each with the transaction that last changed what was read of it.
        private var others: [InstanceName: Int64] = [:]
        /// Children that the last lists brought and that have not been read yet.
        var arriving: Set<InstanceName> = []
        /// Children that are gone, but served until the children that the same list brought have been read: those are often their successors.
        var leaving: Set<InstanceName> = []
        /// What has to be read before the service is proved.
        var need = Need.everything
        /// Children that have to be read before the service is proved, once it needs no list.
        var awaited: Set<InstanceName> = []
        /// Requests that have stood without an answer for too long, or were refused.
        var standing: Set<WatchRequest> = []
        /// Usable providers that may not be read any more.
        var refused: Set<InstanceName> = []
        /// Other children that may not be read.
        var neverRead: Set<InstanceName> = []
        /// Whether the service has changed since it was last proved; readers learn of that once it is proved again.
        var hasChanged = false
        /// Whether the service is part of the registry: it has been read whole, or is known to be out of reach.
        var isPartOfRegistry = false
        /// Whether the path of its children is known to be missing, and awaited.
        var isAbsent = false

        /// What a child is.
        enum Child {
            case provider(Registration)
            case weights(WeightVector)
            case other

            init(_ reading: RegistryFormat.Reading, _ stat: ZnodeStat) {
                switch reading {
                case .provider(let document):
                    self = .provider(
                        Registration(
                            creationZxid: stat.creationZxid, modificationZxid: stat.modificationZxid, provider: document.provider))
                case .weights(let vector): self = .weights(vector)
                case .nothing: self = .other
                }
            }
        }

        /// What has to be read of a service before what is known of it can be relied on.
        enum Need: Int, Comparable {
            case nothing
            /// Its list, and the data of children that are new.
            case list
            /// Its list, and the data of all children.
            case everything

            static func < (left: Need, right: Need) -> Bool { left.rawValue < right.rawValue }
        }

        /// Whether all that it needed has been read.
        var isProved: Bool { need == .nothing && awaited.isEmpty }

        /// The number of no transaction, for what has not been read or must be read again.
        static let unread: Int64 = 0

        /// How many children there are.
        var childCount: Int { service.registrations.count + others.count }
        /// The names of all children.
        var children: [InstanceName] { Array(service.registrations.keys) + Array(others.keys) }

        /// The transaction that last changed what was read of a child, or `unread`; nil if there is no such child.
        func version(of instance: InstanceName) -> Int64? { service.registrations[instance]?.modificationZxid ?? others[instance] }

        /// Adds children that have not been read.
        mutating func add(_ instances: some Collection<InstanceName>) {
            service.registrations.reserveCapacity(childCount + instances.count)
            for instance in instances { others[instance] = Self.unread }
        }

        /// Takes in what was read of a child; whether it offers anything else than before.
        mutating func set(_ instance: InstanceName, to child: Child, version: Int64) -> Bool {
            let old = service.registrations[instance]
            let registration: Registration? = if case .provider(let registration) = child { registration } else { nil }
            let vector: WeightVector? = if case .weights(let vector) = child { vector } else { nil }
            let weighsOtherwise = set(instance, to: vector)
            service.registrations[instance] = registration
            others[instance] = registration == nil ? version : nil
            // Made again, not emptied: there are as many of these as services.
            if others.isEmpty { others = [:] }
            return weighsOtherwise || old?.provider != registration?.provider || old?.creationZxid != registration?.creationZxid
        }

        /// Takes in the weights that a child gives to others; whether they are others than before.
        private mutating func set(_ instance: InstanceName, to vector: WeightVector?) -> Bool {
            let old = service.weights.isEmpty ? nil : service.weights[instance]
            guard old != vector else { return false }
            service.weights[instance] = vector
            return true
        }

        /// Has a child read again; what is known of it stays.
        mutating func forgetVersion(of instance: InstanceName) {
            service.registrations[instance]?.modificationZxid = Self.unread
            if others[instance] != nil { others[instance] = Self.unread }
        }

        /// Removes a child; whether it was a usable provider or gave others their weights, or nil if there was none.
        mutating func remove(_ instance: InstanceName) -> Bool? {
            if service.registrations.removeValue(forKey: instance) != nil { return true }
            if set(instance, to: nil) {
                others[instance] = nil
                return true
            }
            return others.removeValue(forKey: instance) == nil ? nil : false
        }
    }
}
