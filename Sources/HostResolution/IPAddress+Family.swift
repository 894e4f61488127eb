import IPAddressing

extension IPAddress {
    /// The type of record that holds it.
    var family: Family {
        switch self {
        case .v4: .ipv4
        case .v6: .ipv6
        }
    }
}
