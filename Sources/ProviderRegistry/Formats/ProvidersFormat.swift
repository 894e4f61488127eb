extension RegistryFormat {
    /// Our own: `<service>/<instance>`, each instance with a document of its own.
    package static let providers = RegistryFormat("providers") { _, octets throws(ProviderDocument.Rejection) in
        .provider(try ProviderDocument(octets))
    }
}
