import Logging
import ProviderRegistration

/// Decides from the results of checks when a provider is announced and withdrawn. Pure: the time comes in.
struct CheckHistory {
    /// What follows from a check.
    enum Outcome {
        /// Nothing new.
        case unchanged
        /// The provider is announced: the check passes, after it has failed or for the first time.
        case announced
        /// The provider is withdrawn: the check has failed too often in a row.
        case withdrawn
        /// The first check has failed: the provider may still be starting.
        case notYet
        /// The check has never passed although the provider had the time in which a running one would be withdrawn.
        case overdue
    }

    /// Failures in a row after which a provider is withdrawn.
    let mostFailures: Int
    /// How long the first success is waited for before the wait is worth a warning.
    let patience: Duration

    private var failures = 0
    private var isAnnounced = false
    private var firstFailure: ContinuousClock.Instant?
    private var isAwaited = true

    /// A history without checks: the provider is not announced.
    init(mostFailures: Int, patience: Duration) { (self.mostFailures, self.patience) = (mostFailures, patience) }

    /// Takes in the result of a check.
    mutating func take(hasPassed: Bool, at now: ContinuousClock.Instant) -> Outcome {
        if hasPassed {
            failures = 0
            isAwaited = false
            defer { isAnnounced = true }
            return isAnnounced ? .unchanged : .announced
        }
        failures = min(failures + 1, mostFailures)
        if isAnnounced {
            isAnnounced = failures < mostFailures
            return isAnnounced ? .unchanged : .withdrawn
        }
        guard isAwaited else { return .unchanged }
        guard let firstFailure else {
            firstFailure = now
            return .notYet
        }
        isAwaited = firstFailure.duration(to: now) < patience
        return isAwaited ? .unchanged : .overdue
    }
}

/// Has a provider announced while its check passes.
struct ProviderChecks {
    let settings: RegisterSettings
    /// The program whose service is checked; nil for one that is not started here.
    let program: WrappedProgram?
    let registrar: Registrar
    let children: ChildProcesses
    let logger: Logger

    /// Time between checks of a program that has just been started: no client must wait for it longer than need be.
    private static let shortPause: Duration = .milliseconds(100)
    /// How many checks may follow each other after such a pause.
    private static let mostShortPauses = 300

    /// Checks until the task is cancelled.
    func run() async {
        var history = CheckHistory(
            mostFailures: settings.checkFailures, patience: settings.checkInterval * settings.checkFailures)
        var shortPauses = Self.mostShortPauses
        while !Task.isCancelled {
            let hasPassed = await hasPassed()
            follow(history.take(hasPassed: hasPassed, at: .now))
            shortPauses = hasPassed ? 0 : max(shortPauses - 1, 0)
            try? await Task.sleep(for: shortPauses > 0 ? min(settings.checkInterval, Self.shortPause) : settings.checkInterval)
        }
    }

    private func hasPassed() async -> Bool {
        guard program?.isRunning ?? true else { return false }
        return await settings.check.passes(settings.ownPort, within: settings.checkInterval, children)
    }

    private func follow(_ outcome: CheckHistory.Outcome) {
        let metadata: Logger.Metadata = [
            "service": "\(settings.provider.service)", "check": "\(settings.check.target(settings.ownPort))",
        ]
        switch outcome {
        case .unchanged: break
        case .announced:
            logger.info("check passes", metadata: metadata)
            registrar.announce()
        case .withdrawn:
            logger.warning("check fails", metadata: metadata)
            registrar.withdraw()
        case .notYet: logger.info("check does not pass yet", metadata: metadata)
        case .overdue: logger.warning("check has never passed", metadata: metadata)
        }
    }
}
