extension RegistryFormat {
    package static let curator = RegistryFormat("curator", write: { _ in "" }) { _, octets throws(ProviderDocument.Rejection) in .nothing }
    package static let dubbo = RegistryFormat("dubbo", suffix: ["providers"], readsData: false) {
        name, _ throws(ProviderDocument.Rejection) in .nothing
    }
    package static let serverset = RegistryFormat("serverset") { name, octets throws(ProviderDocument.Rejection) in .nothing }
    package static let kafka = RegistryFormat("kafka", levels: 0, suffix: ["brokers", "ids"]) {
        _, octets throws(ProviderDocument.Rejection) in .nothing
    }
    static func nerve(_ parameters: [String: String]) throws(Problem) -> RegistryFormat {
        try checkKeys(of: parameters, format: "nerve", known: ["from"])
        return RegistryFormat("nerve", parameters: parameters, readsData: try readsData(parameters, format: "nerve") ?? true) {
            name, octets throws(ProviderDocument.Rejection) in .nothing
        }
    }
    static func triton(_ parameters: [String: String]) throws(Problem) -> RegistryFormat {
        try checkKeys(of: parameters, format: "triton", known: ["port"])
        return RegistryFormat("triton", parameters: parameters) { name, octets throws(ProviderDocument.Rejection) in .nothing }
    }
    static func party(_ parameters: [String: String]) throws(Problem) -> RegistryFormat {
        try checkKeys(of: parameters, format: "party", known: ["from"])
        return RegistryFormat("party", parameters: parameters, readsData: try readsData(parameters, format: "party") ?? true) {
            name, octets throws(ProviderDocument.Rejection) in .nothing
        }
    }
}
