extension RegistryFormat {
    /// kazoo's `Party`, whose identifier is a znode's data, and `ShallowParty`, whose identifier is in its name: `HOST:PORT` both.
    static func party(_ parameters: [String: String]) throws(Problem) -> RegistryFormat {
        try checkKeys(of: parameters, format: "party", known: ["from"])
        let from = try readsData(parameters, format: "party")
        return RegistryFormat("party", parameters: parameters, readsData: from ?? true) { name, octets throws(ProviderDocument.Rejection) in
            // Party's mark stands behind 32 digits, ShallowParty's hyphen too.
            let rest = name.text.dropFirst(PartyName.digits)
            if from != false, rest == PartyName.mark {
                return .provider(try ProviderDocument(text: try ProviderDocument.text(octets)[...]))
            }
            guard from != true, rest.hasPrefix("-") else { return .nothing }
            return .provider(try ProviderDocument(text: rest.dropFirst()))
        }
    }
}

/// What names of a party's members are made of.
private enum PartyName {
    /// How many digits of a UUID come first.
    static let digits = 32
    /// What follows them in a `Party`.
    static let mark = "__party__"
}
