/// How a registry's writers lay out their znodes, and what these hold.
package struct RegistryFormat: Sendable {
    /// What a znode among the instances is.
    package enum Reading: Hashable, Sendable {
        /// A provider.
        case provider(ProviderDocument)
        /// Weights of other instances of the service.
        case weights(WeightVector)
        /// Something of the writers' own, which is left alone.
        case nothing
    }

    /// The name by which settings choose it.
    package let name: String
    /// What a zone's settings say of it, by key: part of what it is.
    package let parameters: [String: String]
    /// How many levels of znodes name a service where the path of a registry does not say so.
    package let levels: Int
    /// Names of the znodes between a service's znode and its instances, each below the one before.
    package let suffix: [String]
    /// Whether an instance's data is read; its name says all where it is not.
    package let readsData: Bool
    /// Reads an instance, given its name and its data, which is empty where that is not read.
    package let read: @Sendable (InstanceName, [UInt8]) throws(ProviderDocument.Rejection) -> Reading

    init(
        _ name: String, parameters: [String: String] = [:], levels: Int = 1, suffix: [String] = [], readsData: Bool = true,
        read: @escaping @Sendable (InstanceName, [UInt8]) throws(ProviderDocument.Rejection) -> Reading
    ) {
        (self.name, self.parameters, self.levels, self.suffix) = (name, parameters, levels, suffix)
        (self.readsData, self.read) = (readsData, read)
    }
}

extension RegistryFormat: Hashable {
    package static func == (left: RegistryFormat, right: RegistryFormat) -> Bool {
        left.name == right.name && left.parameters == right.parameters
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(parameters)
    }
}

extension RegistryFormat {
    /// Why settings do not make a format, in one line.
    package struct Problem: Error {
        package let text: String
    }

    /// The names of all formats.
    package static let names = ["providers"]

    /// The format of a name, with what the settings of a zone say of it.
    package static func named(_ name: String, _ parameters: [String: String] = [:]) throws(Problem) -> RegistryFormat {
        guard name == providers.name else {
            throw Problem(text: "no format \(name.debugDescription): one of " + names.joined(separator: ", "))
        }
        guard let key = parameters.keys.min() else { return providers }
        throw Problem(text: "the format \(name) has no \(key.debugDescription)")
    }
}

/// What a znode of a service says of the weights of others.
package struct WeightVector: Hashable, Sendable {
    package init() {}
}
