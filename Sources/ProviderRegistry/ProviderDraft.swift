/// What a registrant announces of a provider, before a format writes it.
package struct ProviderDraft: Hashable, Sendable {
    /// The name of the service.
    package var service: String
    /// The name of the znode.
    package var instance: String
    /// The machine, as it is to stand in the document.
    package var host: String
    /// The port.
    package var port: UInt16
    /// The weight, if it is to stand in the document.
    package var weight: UInt16?
    /// The priority, if it is to stand in the document.
    package var priority: UInt16?
    /// What else it offers; a TTL is never written.
    package var details: ProviderDetails?
    /// Members for readers other than zoodns: texts by name.
    package var fields: [String: String]
    /// When it was announced: milliseconds since 1970.
    package var announced: Int64

    package init(
        service: String, instance: String, host: String, port: UInt16, weight: UInt16? = nil, priority: UInt16? = nil,
        details: ProviderDetails? = nil, fields: [String: String] = [:], announced: Int64 = 0
    ) {
        (self.service, self.instance, self.host, self.port) = (service, instance, host, port)
        (self.weight, self.priority, self.details, self.fields) = (weight, priority, details, fields)
        self.announced = announced
    }
}
