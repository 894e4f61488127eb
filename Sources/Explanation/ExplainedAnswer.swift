import DNSAuthority
import IPAddressing
import ProviderRegistry
import ZoneCompilation

/// Why a name is answered as it is: what it stands for, its znodes, their hosts, and the answer.
package struct ExplainedAnswer {
    /// The lines to show; empty if nothing in the registry concerns the name.
    package let text: String
    /// Why the name does not exist; nil if it does.
    package let failure: String?

    /// Explains a name by what was read and compiled. `now` is in milliseconds since 1970.
    package init(_ question: ExplainedName, _ excerpt: RegistryExcerpt, _ snapshot: ZoneSnapshot, now: Int64) {
        let facts = Facts(question, excerpt, snapshot, now: now)
        failure = facts.failure.map { "\(PlainText.name(question.name)) does not exist (NXDOMAIN): \($0)" }
        let isWorthShowing = failure == nil || !facts.znodes.isEmpty
        let lines = [facts.title] + facts.table.lines(of: facts.znodes) + facts.remarks + facts.hosts + facts.answer
        text = isWorthShowing ? lines.joined(separator: "\n") + "\n" : ""
    }
}

/// What is known of a name, section by section.
private struct Facts {
    let question: ExplainedName
    let excerpt: RegistryExcerpt
    let snapshot: ZoneSnapshot
    let holder: NameTable.Holder?
    /// The services that the name concerns: more than one where names differ only in case.
    let services: [ServiceName]
    /// How many znodes these services have.
    let count: Int
    /// The znodes that the name concerns, of those services.
    let znodes: [ProviderZnode]
    let table: ZnodeTable
    /// What the zone has at the name; nil if there is no such name.
    let records: [MasterFile.Records]?

    init(_ question: ExplainedName, _ excerpt: RegistryExcerpt, _ snapshot: ZoneSnapshot, now: Int64) {
        (self.question, self.excerpt, self.snapshot) = (question, excerpt, snapshot)
        let owner = question.owner(in: excerpt)
        let named = owner.map(excerpt.services) ?? []
        let all = excerpt.znodes(of: named)
        holder = question.holder(in: excerpt)?.present(at: question.name, among: excerpt.areListed(named) ? all.map(\.instance) : nil)
        services = holder == nil ? [] : named
        count = all.count
        if case .instance(let owner) = holder {
            znodes = all.filter { znode in
                [ServiceNaming.label(ofInstance: znode.instance), ServiceNaming.digestLabel(ofInstance: znode.instance)].contains {
                    owner.prepending($0) == question.name
                }
            }
        } else {
            znodes = holder == nil ? [] : all
        }
        let unnamed = snapshot.reports.compactMap { report -> InstanceName? in
            if case .unnamed(let instance, let place) = report, place == owner { instance } else { nil }
        }
        let registry = excerpt.registry
        table = ZnodeTable(
            excerpt.source.layout, of: services.compactMap { registry.services[$0] }, unnamed: Set(unnamed), now: now)
        records = snapshot.zones[question.origin].flatMap { MasterFile.records(at: question.name, in: $0) }
    }

    /// The first line: what the name stands for, and the znodes of its services.
    var title: String {
        let paths = services.map { PlainText.name(excerpt.source.layout.path(of: $0)) }.joined(separator: " and ")
        let source = "\(named) of zone \(PlainText.name(excerpt.source.origin)), \(services.count > 1 ? "znodes" : "znode") \(paths)"
        let role =
            switch holder {
            case .service: source
            case .serviceName: "service name (RFC 2782) of \(source)"
            case .instance, .one, .port, .portHost, .place, .tag: "\(holder?.text ?? "") of \(source)"
            case .nameServer, nil: "in zone \(PlainText.name(excerpt.source.origin)), not from a znode"
            }
        return "\(PlainText.name(question.name)): \(role)"
    }

    /// What concerns the services rather than one of their znodes.
    var remarks: [String] {
        var remarks = services.compactMap { service -> String? in
            guard case .failed(let error) = excerpt.listings[service] else { return nil }
            let path = PlainText.name(excerpt.source.layout.path(of: service))
            return error == .noNode ? "  \(path) vanished while this was read" : "  \(path) cannot be listed: \(error.text)"
        }
        for case .oversized(let owner, let leftOut) in snapshot.reports where owner == question.owner(in: excerpt) {
            remarks.append("  too large: the \(leftOut) youngest providers are left out")
        }
        for case .limited(let owner, let records) in snapshot.reports where owner == question.owner(in: excerpt) {
            remarks.append("  \(records) records of one type: those beyond --max-answers are left out")
        }
        if count == 0, remarks.isEmpty, !services.isEmpty { remarks.append("  no znodes below") }
        return remarks
    }

    /// The addresses of the hosts that the znodes name.
    var hosts: [String] {
        let addresses = snapshot.addresses(
            of: znodes.compactMap { znode in
                guard let host = znode.registration?.provider.host, case .name = host else { return nil }
                return host
            })
        let rows = addresses.map { [$0.key.text, Self.text($0.value)] }.sorted { $0[0] < $1[0] }
        return rows.isEmpty ? [] : ["hosts"] + PlainText.columns(rows)
    }

    private static func text(_ addresses: HostAddresses) -> String {
        let known = addresses.ipv4.addresses.map(\.text) + addresses.ipv6.addresses.map(\.text)
        switch (addresses.ipv4.isUnknown, addresses.ipv6.isUnknown) {
        case (true, true): return "cannot be resolved now"
        case (true, false): return (known + ["IPv4 cannot be resolved now"]).joined(separator: "   ")
        case (false, true): return (known + ["IPv6 cannot be resolved now"]).joined(separator: "   ")
        case (false, false): return known.isEmpty ? "has no addresses" : known.joined(separator: "   ")
        }
    }
}

// MARK: The answer

extension Facts {
    /// The answer for each type.
    var answer: [String] {
        if cannotBeListed { return ["answer (SERVFAIL): \(named) cannot be listed"] }
        guard let records else { return ["answer (NXDOMAIN): \(failure ?? "")"] }
        return AnswerLines.of(records, noData: reasonForNoData)
    }

    /// Why the name does not exist; nil if it does.
    var failure: String? {
        guard records == nil, !cannotBeListed else { return nil }
        let root = PlainText.name(excerpt.source.layout.root)
        guard excerpt.hasRoot else { return "\(root) does not exist" }
        switch holder {
        case .service, .serviceName, .one: return "\(named) vanished while it was read"
        case .port: return "no provider of \(named) has a port of this name"
        case .portHost: return "no provider of \(named) has a port of this name with a host of its own"
        case .place: return "no provider of \(named) says in which part of the network it is"
        case .tag: return "no provider of \(named) has this tag"
        case .instance: return reasonForNoInstance
        case .nameServer, nil:
            let labels = question.name.labels.count - excerpt.source.origin.labels.count
            return labels == 1 ? "no such service below \(root)" : "no such service, service name or instance below \(root)"
        }
    }

    /// Whether none of the services can be listed: nothing is known of their instances.
    private var cannotBeListed: Bool {
        !services.isEmpty
            && services.allSatisfy { service in
                if case .failed(let error) = excerpt.listings[service] { error != .noNode } else { false }
            }
    }

    private var reasonForNoInstance: String {
        guard let znode = znodes.first else {
            return count == 0 ? "\(named) without znodes" : "none of the \(count) znodes of \(named) has this name"
        }
        let path = PlainText.name(excerpt.source.layout.path(of: znode.instance, in: znode.service))
        if let twin = table.twin(of: znode) { return "\(path) is merged into \(PlainText.name(twin.text))" }
        switch znode.state {
        case .usable(let document) where document.provider.status == .down: return "\(path) is down"
        case .usable: return "\(path) has another name"
        case .other: return "\(path) is no provider's"
        case .rejected: return "\(path) is refused"
        case .failed(.noNode): return "\(path) vanished while this was read"
        case .failed: return "\(path) cannot be read"
        }
    }

    private var reasonForNoData: String {
        switch holder {
        case .service, .serviceName, .instance, .one, .portHost:
            count == 0 ? "\(named) without znodes" : "\(named) without a usable provider"
        case .port, .tag: "\(named) has only draining providers with this \(holder?.text ?? "")"
        case .place: "no provider of \(named) to be used is there"
        case .nameServer, nil:
            question.name == excerpt.source.origin
                ? "the zone's origin has SOA and NS alone" : "nothing stands at this name, only below it"
        }
    }

    /// The services by their names.
    private var named: String {
        (services.count > 1 ? "services " : "service ") + services.map { PlainText.name($0.text) }.joined(separator: " and ")
    }
}
