import Foundation

/// A program that a test has started; gone when the test lets go of it.
public final class RunningProgram {
    private let process = Process()
    private let folder: URL

    /// The checkout.
    public static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    /// The program under test, where the test bundle is.
    public static let zoodns: URL = {
        let bundle = ProcessInfo.processInfo.arguments.first { $0.contains(".xctest") }.map { URL(filePath: $0) }
        var folder = bundle ?? root.appending(path: ".build/debug/x")
        while folder.path.contains(".xctest") { folder.deleteLastPathComponent() }
        return folder.appending(path: "zoodns")
    }()

    /// Starts a program; its output goes to files.
    public init(_ executable: URL, _ arguments: [String], environment: [String: String] = [:]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "zoodns-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process.executableURL = executable
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        for (name, isError) in [("out", false), ("err", true)] {
            let file = folder.appending(path: name)
            _ = FileManager.default.createFile(atPath: file.path, contents: nil)
            let handle = try FileHandle(forWritingTo: file)
            if isError { process.standardError = handle } else { process.standardOutput = handle }
        }
        try process.run()
    }

    deinit {
        // Not SIGTERM: programs inherit it blocked from the thread that starts them.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        // Not waitUntilExit: its run loop can miss the end and spin for ever.
        let deadline = ContinuousClock.now + .seconds(10)
        while process.isRunning, ContinuousClock.now < deadline { usleep(1000) }
        try? FileManager.default.removeItem(at: folder)
    }

    /// What it has written to standard output.
    public var output: String { (try? String(contentsOf: folder.appending(path: "out"), encoding: .utf8)) ?? "" }
    /// What it has written to standard error.
    public var errors: String { (try? String(contentsOf: folder.appending(path: "err"), encoding: .utf8)) ?? "" }
    /// Whether it still runs.
    public var isRunning: Bool { process.isRunning }

    /// Sends a signal.
    public func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for its end; the exit code.
    public func exitCode(within limit: Duration = .seconds(30)) async throws -> Int32 {
        try await waitUntil("the program ends", within: limit) { !self.process.isRunning }
        return process.terminationStatus
    }

    /// Runs a program to its end; its output, its errors, its exit code.
    public static func run(
        _ executable: URL, _ arguments: [String], within limit: Duration = .seconds(60)
    ) async throws -> (output: String, errors: String, exitCode: Int32) {
        let program = try RunningProgram(executable, arguments)
        let code = try await program.exitCode(within: limit)
        return (program.output, program.errors, code)
    }
}

/// A condition that did not come true in time.
public struct TimeLimitExceeded: Error {
    /// What was waited for.
    public let what: String
}

/// Waits for a condition, looking again every 20 ms.
public func waitUntil(_ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TimeLimitExceeded(what: what) }
        try await Task.sleep(for: .milliseconds(20))
    }
}
