import DNSAuthority
import ProviderRegistry

/// Searches and sorts services for those who look at them: one question after another, so that they never take more than one processor.
actor ServiceListing {
    private let board: StatusBoard
    /// What was found last, for the next pages of the same list.
    private var last: Found?

    /// The services that a question finds, in its order.
    private struct Found {
        let question: ServiceQuestion
        let generations: [Int]
        let total: Int
        let services: [Place]
    }

    private struct Place {
        /// Which zone, in the order of the settings.
        let zone: Int
        let name: ServiceName
    }

    init(_ board: StatusBoard) { self.board = board }

    /// The services that a question finds, from one place of the list on.
    func page(_ question: ServiceQuestion, offset: Int, limit: Int) -> ServicePage {
        let records = board.records
        let found = find(question, in: records)
        let rows = found.services.dropFirst(offset).prefix(limit).compactMap { place -> ServicePage.Row? in
            let (origin, record) = records[place.zone]
            guard let service = record.registry.services[place.name] else { return nil }
            return ServicePage.Row(
                zone: origin.plainText, name: BoundedText.cut(place.name.text), providers: service.count, held: service.held.count,
                reach: service.reach.word, changed: record.changedAt[place.name].map(WallTime.milliseconds))
        }
        return ServicePage(total: found.total, matching: found.services.count, services: Array(rows))
    }

    private func find(_ question: ServiceQuestion, in records: [(origin: DomainName, record: RegistryRecord)]) -> Found {
        let generations = records.map(\.record.generation)
        if let last, last.question == question, last.generations == generations { return last }
        var total = 0
        var keyed: [(place: Place, key: Int)] = []
        for (index, (origin, record)) in records.enumerated() where question.zone == nil || question.zone == origin {
            total += record.registry.services.count
            for (name, service) in record.registry.services where question.search.finds(name, service) {
                keyed.append((Place(zone: index, name: name), question.order.key(of: name, service, record)))
            }
        }
        keyed.sort { left, right in
            if left.key != right.key { return question.isDescending ? left.key > right.key : left.key < right.key }
            let isReversed = question.isDescending && question.order == .name
            return isReversed ? right.place.name < left.place.name : left.place.name < right.place.name
        }
        let found = Found(question: question, generations: generations, total: total, services: keyed.map(\.place))
        last = found
        return found
    }
}

/// What of a list of services is to be shown, and in which order.
struct ServiceQuestion: Equatable, Sendable {
    /// The zone's origin; nil for all zones.
    let zone: DomainName?
    let search: ServiceSearch
    let order: Order
    let isDescending: Bool

    /// What services are sorted by.
    enum Order: String, Sendable {
        case name, providers, held, changed

        fileprivate func key(of name: ServiceName, _ service: Service, _ record: RegistryRecord) -> Int {
            switch self {
            case .name: 0
            case .providers: service.count
            case .held: service.held.count
            // Whole milliseconds before now would change from one page to the next.
            case .changed: record.changedAt[name].map { Int(clamping: WallTime.origin.duration(to: $0).milliseconds) } ?? Int.min
            }
        }
    }

    /// The zone, what to look for, and an order, with `-` in front for the reverse; nil for an order that there is not.
    init?(zone: DomainName?, search: String, sort: String) {
        isDescending = sort.hasPrefix("-")
        guard let order = Order(rawValue: String(isDescending ? sort.dropFirst() : sort[...])) else { return nil }
        (self.zone, self.order) = (zone, order)
        self.search = ServiceSearch(search)
    }
}

/// A part of a service's name, an instance's name, or a `host:port` to look for. Large and small ASCII letters are the same.
struct ServiceSearch: Equatable, Sendable {
    private let needle: [UInt8]

    init(_ text: String) { needle = text.utf8.map(Self.folded) }

    /// Whether a service or one of its providers has it.
    func finds(_ name: ServiceName, _ service: Service) -> Bool {
        if needle.isEmpty { return true }
        var isFound = false
        name.read { isFound = isPart(of: $0) }
        return isFound || service.registrations.contains { finds($0.key, $0.value.provider) }
            || service.held.contains { finds($0.instance, $0.provider) }
    }

    private func finds(_ instance: InstanceName, _ provider: Provider) -> Bool {
        var isFound = false
        instance.read { isFound = isPart(of: $0) }
        if isFound { return true }
        var authority = Provider.authority(provider.host.text, provider.port)
        return authority.withUTF8 { isPart(of: UnsafeRawBufferPointer($0)) }
    }

    private func isPart(of octets: UnsafeRawBufferPointer) -> Bool {
        guard let first = needle.first, octets.count >= needle.count else { return needle.isEmpty }
        for start in 0...(octets.count - needle.count) where Self.folded(octets[start]) == first {
            if needle.indices.allSatisfy({ Self.folded(octets[start + $0]) == needle[$0] }) { return true }
        }
        return false
    }

    private static func folded(_ octet: UInt8) -> UInt8 { 65...90 ~= octet ? octet | 0x20 : octet }
}

/// A part of a list of services.
struct ServicePage: Encodable, Sendable {
    /// How many there are.
    let total: Int
    /// How many of them are in the whole list.
    let matching: Int
    let services: [Row]

    /// A service in the list.
    struct Row: Encodable, Sendable {
        let zone: String
        let name: String
        /// Held ones included.
        let providers: Int
        let held: Int
        /// `current`, `lost` or `unknown`.
        let reach: String
        /// When it last changed, in milliseconds since 1970; nil if it has not since the registry was read.
        let changed: Int64?
    }
}

extension Reach {
    /// How far what is known of a service can be relied on, in a word.
    var word: String {
        switch self {
        case .current: "current"
        case .lost: "lost"
        case .unknown: "unknown"
        }
    }
}
