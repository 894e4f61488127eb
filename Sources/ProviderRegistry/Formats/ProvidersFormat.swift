extension RegistryFormat {
    /// Our own: `<service>/<instance>`, each instance with a document of its own.
    package static let providers = RegistryFormat(
        "providers",
        write: { draft in
            ProviderDocument.text(
                host: draft.host, port: draft.port, weight: draft.weight, priority: draft.priority, details: draft.details,
                fields: draft.fields)
        },
        read: { _, octets throws(ProviderDocument.Rejection) in .provider(try ProviderDocument(octets)) })
}
