import ProviderRegistry
import ZooKeeperClient

// What lists make of the tree above the services' znodes: which branches and services there are.

extension WatchState {
    /// A parent of services, or of further branches, as it was last listed.
    struct BranchState {
        /// The branches below it.
        var branches: Set<BranchName> = []
        /// The services below it, in no branch of their own.
        var services: Set<ServiceName> = []
        /// Whether it has been listed in this session, with the watches that there are.
        var isRead = false
        /// Whether the path to list is known to be missing, and awaited.
        var isAbsent = false
        /// Whether its list was refused or withheld, so that the services below it are out of reach.
        var isLost = false

        /// How many names its list had.
        var childCount: Int { branches.count + services.count }
    }

    /// Takes in the names of what is below the root or a branch.
    mutating func listed(_ names: [String], below branch: BranchName, at now: ContinuousClock.Instant) {
        guard branch == .root || branches[branch] != nil else { return }
        pacing.succeeded(.list(branch))
        forgetReport(of: branch == .root ? .root : .branch(branch))
        // Services that come later than the first list are not waited for: that might never end.
        let isFirst = branch == .root ? !reach.isRead : branches[branch]?.isRead == false
        let isWaitedFor = isFirst && (branch == .root || unsettledBranches.contains(branch))
        let names = names.filter(RegistryLayout.isName)
        if layout.levels - branch.depth > 1 {
            listedBranches(Set(names.map(branch.branch)), below: branch, isFirst: isFirst, isWaitedFor: isWaitedFor)
        } else {
            listedServices(Set(names.map(branch.service)), below: branch, isFirst: isFirst, isWaitedFor: isWaitedFor)
        }
        branches[branch]?.isRead = true
        if branch == .root {
            reach.isRead = true
            proveRoot()
        } else {
            regain(branch, at: now)
            settle(branch)
        }
    }

    private mutating func listedServices(_ current: Set<ServiceName>, below branch: BranchName, isFirst: Bool, isWaitedFor: Bool) {
        // The root keeps no set of all services beside what is known of each.
        let gone = branches[branch].map { Array($0.services.subtracting(current)) } ?? services.keys.filter { !current.contains($0) }
        let new = current.filter { services[$0] == nil }
        noteNews(of: branch, gone.count + new.count)
        for name in gone { remove(name) }
        for name in new {
            services[name] = ServiceState()
            passOn(to: .listProviders(name))
        }
        branches[branch]?.services = current
        if isWaitedFor { unsettled.formUnion(current) }
        for name in isFirst ? current : new { queue.add(.listProviders(name)) }
    }

    private mutating func listedBranches(_ current: Set<BranchName>, below branch: BranchName, isFirst: Bool, isWaitedFor: Bool) {
        let known = branches[branch]?.branches ?? []
        let (gone, new) = (known.subtracting(current), current.subtracting(known))
        noteNews(of: branch, gone.count + new.count)
        for name in gone { remove(name) }
        for name in new {
            branches[name] = BranchState()
            passOn(to: .listBranch(name))
        }
        branches[branch]?.branches = current
        // An answer that came before this list was no part of the reading that it begins.
        if isFirst { for name in current { branches[name]?.isRead = false } }
        if isWaitedFor { unsettledBranches.formUnion(current) }
        for name in isFirst ? current : new { queue.add(.listBranch(name)) }
    }

    private mutating func noteNews(of branch: BranchName, _ count: Int) {
        noteDifference(.list(branch), count)
        if branch != .root, count > 0 { pacing.broughtNews(.list(branch)) }
    }

    /// Takes in that there is no path to list for a branch: it is gone, unless it may do without.
    mutating func missed(_ branch: BranchName, at now: ContinuousClock.Instant) {
        guard let state = branches[branch] else { return }
        guard layout.hasTail(branch) else { return remove(branch) }
        listed([], below: branch, at: now)
        branches[branch]?.isAbsent = true
        leftWatches.remove(layout.path(of: branch))
        if !state.isAbsent { queue.add(.awaitBranch(branch)) }
    }

    /// Takes in that there is no path to list for a service: it is gone, unless it may do without.
    mutating func missed(_ name: ServiceName, at now: ContinuousClock.Instant) {
        guard let state = services[name] else { return }
        guard layout.hasServiceTail else { return remove(name) }
        listed([], of: name, at: now)
        services[name]?.isAbsent = true
        leftWatches.remove(layout.path(of: name))
        if !state.isAbsent { queue.add(.awaitProviders(name)) }
    }

    /// Forgets a branch with all that is below it.
    private mutating func remove(_ branch: BranchName) {
        guard let state = branches.removeValue(forKey: branch) else { return }
        if state.isAbsent { leaveWatch(of: layout.path(of: branch)) }
        for name in state.services { remove(name) }
        for name in state.branches { remove(name) }
        forgetUnlisted(branch)
        if let parent = branch.parent { branches[parent]?.branches.remove(branch) }
        forgetReport(of: .branch(branch))
        unprompted.remove(.listBranch(branch))
        forget(.listBranch(branch))
        forget(.awaitBranch(branch))
        settle(branch)
    }

    /// Takes in that nothing waits any more for a path that is awaited.
    mutating func leaveWatch(of path: String) { leftWatches.add(path) }

    /// Takes in that a service is gone from the branch that it was in.
    mutating func leaveBranch(_ name: ServiceName) {
        guard layout.levels > 1, let branch = name.branches.last else { return }
        branches[branch]?.services.remove(name)
    }

    /// Takes in a service that no list of this session has brought yet, with the branches that lead to it.
    mutating func join(_ name: ServiceName) {
        guard layout.levels > 1 else { return }
        var parent: BranchName?
        for branch in name.branches {
            if branches[branch] == nil { branches[branch] = BranchState() }
            if let parent { branches[parent]?.branches.insert(branch) }
            parent = branch
        }
        if let parent { branches[parent]?.services.insert(name) }
    }

    /// Whether no list of this session shows that there is no such service.
    func mayExist(_ name: ServiceName) -> Bool {
        guard layout.isName(ofService: name) else { return false }
        if !reach.isRead || services[name] != nil { return true }
        guard layout.levels > 1 else { return false }
        for branch in name.branches.dropFirst() {
            guard let state = branches[branch] else { return false }
            if !state.isRead { return true }
        }
        return false
    }
}

// MARK: Reach

extension WatchState {
    /// All services below a branch.
    private func services(below branch: BranchName) -> [ServiceName] {
        guard let state = branches[branch] else { return [] }
        return Array(state.services) + state.branches.flatMap { services(below: $0) }
    }

    /// Takes in that a branch cannot be listed: the services below it are out of reach since then, until it can be.
    mutating func lose(_ branch: BranchName, since instant: ContinuousClock.Instant) {
        branches[branch]?.isLost = true
        for name in services(below: branch) { lose(name, for: .listBranch(branch), since: instant) }
        if branch != .root, unlisted.insert(branch.service).inserted { putOut(branch.service) }
        settle(branch)
    }

    /// Takes in that a branch has been listed.
    private mutating func regain(_ branch: BranchName, at now: ContinuousClock.Instant) {
        guard branches[branch]?.isLost == true else { return }
        branches[branch]?.isLost = false
        forgetUnlisted(branch)
        for name in services(below: branch) where services[name]?.standing.remove(.listBranch(branch)) != nil {
            regainIfProved(name, at: now)
        }
    }

    private mutating func forgetUnlisted(_ branch: BranchName) {
        if unlisted.remove(branch.service) != nil { putOut(branch.service) }
    }

    /// Takes in that a branch need not be waited for any more.
    private mutating func settle(_ branch: BranchName) {
        unsettledBranches.remove(branch)
        settleIfDone()
    }
}
