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
    /// Writes what a registrant announces; nil where zoodns writes no such documents. Throws what the format has no place for.
    package let write: (@Sendable (ProviderDraft) throws(Problem) -> String)?

    init(
        _ name: String, parameters: [String: String] = [:], levels: Int = 1, suffix: [String] = [], readsData: Bool = true,
        write: (@Sendable (ProviderDraft) throws(Problem) -> String)? = nil,
        read: @escaping @Sendable (InstanceName, [UInt8]) throws(ProviderDocument.Rejection) -> Reading
    ) {
        (self.name, self.parameters, self.levels, self.suffix) = (name, parameters, levels, suffix)
        (self.readsData, self.read, self.write) = (readsData, read, write)
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
    package struct Problem: Error, Hashable {
        package let text: String

        package init(text: String) { self.text = text }
    }

    /// All formats, in the order in which they are shown.
    private enum Name: String, CaseIterable {
        case providers, curator, dubbo, serverset, nerve, kafka, triton, party, hostport, json
    }

    /// The names of all formats.
    package static let names = Name.allCases.map(\.rawValue)

    /// The format of a name, with what the settings of a zone say of it.
    package static func named(_ name: String, _ parameters: [String: String] = [:]) throws(Problem) -> RegistryFormat {
        switch Name(rawValue: name) {
        case .providers: try plain(.providers, parameters)
        case .curator: try plain(.curator, parameters)
        case .dubbo: try plain(.dubbo, parameters)
        case .serverset: try plain(.serverset, parameters)
        case .kafka: try plain(.kafka, parameters)
        case .nerve: try .nerve(parameters)
        case .triton: try .triton(parameters)
        case .party: try .party(parameters)
        case .hostport: try .hostport(parameters)
        case .json: try .json(parameters)
        case nil: throw Problem(text: "no format \(name.debugDescription): one of " + names.joined(separator: ", "))
        }
    }

    private static func plain(_ format: RegistryFormat, _ parameters: [String: String]) throws(Problem) -> RegistryFormat {
        try checkKeys(of: parameters, format: format.name, known: [])
        return format
    }

    /// Throws the first parameter that a format does not have.
    static func checkKeys(of parameters: [String: String], format: String, known: [String]) throws(Problem) {
        guard let key = parameters.keys.filter({ !known.contains($0) }).min() else { return }
        let choice = known.isEmpty ? "no parameters" : known.joined(separator: ", ")
        throw Problem(text: "the format \(format) has no \(key.debugDescription): it has \(choice)")
    }
}
