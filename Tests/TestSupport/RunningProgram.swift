import Foundation

/// A program that a test has started; gone when the test lets go of it.
///
/// With `posix_spawn` rather than Foundation's `Process`, which may miss a program's end, and has programs inherit blocked signals.
public final class RunningProgram {
    private let process: pid_t
    private let folder: URL
    /// What `waitpid` said at its end; nil before.
    private var status: Int32?

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
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process = try Self.spawn(executable.path, arguments, variables.map { "\($0)=\($1)" }, output: folder)
    }

    deinit {
        if isRunning {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        try? FileManager.default.removeItem(at: folder)
    }

    /// The C function is `posix_spawn`.
    private static func spawn(_ path: String, _ arguments: [String], _ variables: [String], output folder: URL) throws -> pid_t {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for (descriptor, name) in [(STDOUT_FILENO, "out"), (STDERR_FILENO, "err")] {
            posix_spawn_file_actions_addopen(&files, descriptor, folder.appending(path: name).path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        var process = pid_t()
        let code = withCStrings([path] + arguments) { argv in
            withCStrings(variables) { posix_spawn(&process, path, &files, &attributes, argv, $0) }
        }
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .ENOENT) }
        return process
    }

    private static func withCStrings<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        let strings = texts.map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        return strings.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("there is a nil at the end") }
            return body(start)
        }
    }

    /// Its process number.
    public var number: pid_t { process }

    /// What it has written to standard output.
    public var output: String { (try? String(contentsOf: folder.appending(path: "out"), encoding: .utf8)) ?? "" }
    /// What it has written to standard error.
    public var errors: String { (try? String(contentsOf: folder.appending(path: "err"), encoding: .utf8)) ?? "" }
    /// Whether it still runs.
    public var isRunning: Bool {
        guard status == nil else { return false }
        var status: Int32 = 0
        guard waitpid(process, &status, WNOHANG) == process else { return true }
        self.status = status
        return false
    }

    /// Most octets that the program has had in memory at once; 0 once it has ended.
    public var peakOfMemory: Int {
        let status = try? String(contentsOf: URL(filePath: "/proc/\(process)/status"), encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// How many threads the program has; 0 once it has ended.
    public var threads: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task"))?.count ?? 0
    }

    /// Sends a signal.
    public func signal(_ number: Int32) { if isRunning { kill(process, number) } }

    /// Waits for its end; the exit code, or the number of the signal that killed it.
    public func exitCode(within limit: Duration = .seconds(30)) async throws -> Int32 {
        try await waitUntil("the program ends", within: limit) { !self.isRunning }
        let status = status ?? 0
        return status & 0x7F == 0 ? status >> 8 & 0xFF : status & 0x7F
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
