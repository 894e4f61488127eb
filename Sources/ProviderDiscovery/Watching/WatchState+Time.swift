// What is due without an event.

extension WatchState {
    /// When `tick` has something to do next; nil while there is no connection.
    var nextDeadline: ContinuousClock.Instant? {
        guard reach.isConnected else { return nil }
        return [nextReconcile, nextReread, reach.isAnswered ? readingPace.due : nil, pacing.deadline, requests.deadline].compactMap(\.self)
            .min()
    }

    /// Does what is due.
    mutating func tick(at now: ContinuousClock.Instant) {
        guard reach.isConnected else { return }
        loseOverdue(at: now)
        for request in pacing.takeDue(at: now) {
            unprompted.remove(request)
            queue.add(request)
        }
        if let due = nextReconcile, due <= now {
            nextReconcile = now + settings.reconcile
            // While a reading is under way, it does the same.
            if isReadWhole { reconcile() }
        }
        if let due = nextReread, due <= now {
            // From when it was due, so that lateness does not add up: a period is to have all its seconds.
            nextReread = max(due + .seconds(1), now)
            // A reading that is under way reads all.
            if isReadWhole { reread() }
        }
    }

    /// Lists everything again; with its list, what could not be read is read again.
    private mutating func reconcile() {
        addUnprompted(.listServices)
        for branch in branches.keys where branch != .root { addUnprompted(.listBranch(branch)) }
        for name in services.keys { addUnprompted(.listProviders(name)) }
    }

    /// Asks for a list that no watch has asked for, unless the list waits for its pace.
    private mutating func addUnprompted(_ list: WatchRequest) {
        guard !pacing.isWaiting(list) else { return }
        if !queue.contains(list) { unprompted.insert(list) }
        queue.addUnhurried(list)
    }

    private mutating func reread() {
        for (name, instance) in rereading.next() { queue.addUnhurried(.read(name, instance: instance)) }
    }
}
