import CLinux
import Glibc

/// A program to be started, with the signals' default meanings whatever was inherited.
struct ProgramStart {
    /// The program's path, or its name to be found along `PATH`, then its arguments.
    let command: [String]
    /// The program's standard input, output and error.
    var streams: [Stream] = [.null, .null, .null]
    /// Whether the kernel kills the program when this process ends.
    var endsWithUs = true

    /// A standard stream of a program.
    enum Stream {
        /// Ours; /dev/null if that was closed when we began.
        case inherited
        /// /dev/null.
        case null
    }

    /// Starts the program; its process number. The C functions are `fork` and `execvp`.
    func start() -> Result<pid_t, StartFailure> {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null > STDERR_FILENO else { return .failure(StartFailure(code: errno)) }
        defer { close(null) }
        let descriptors = streams.enumerated().map { place, stream in
            if case .inherited = stream, Self.isOpen(Int32(place)) { Int32(place) } else { null }
        }
        let arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let environment = Self.environment
        return arguments.withUnsafeBufferPointer { arguments in
            environment.withUnsafeBufferPointer { environment in
                guard let first = arguments.first ?? nil, let variables = environment.baseAddress, let list = arguments.baseAddress,
                    descriptors.count == 3
                else { return .failure(StartFailure(code: EINVAL)) }
                var start = program_start(
                    file: first, arguments: list, environment: variables, streams: (descriptors[0], descriptors[1], descriptors[2]),
                    death_signal: endsWithUs ? SIGKILL : 0)
                let number = start_program(&start)
                return number > 0 ? .success(number) : .failure(StartFailure(code: errno))
            }
        }
    }

    /// Whether a standard stream was open when we began: what `StandardStreams.fill` puts in its place cannot be written to.
    private static func isOpen(_ descriptor: Int32) -> Bool {
        descriptor == STDIN_FILENO || fcntl(descriptor, F_GETFL) & O_ACCMODE != O_RDONLY
    }

    /// This process's environment without its secret, ended by nil.
    private static var environment: [UnsafeMutablePointer<CChar>?] {
        var variables: [UnsafeMutablePointer<CChar>?] = []
        var next = own_environment()
        while let variable = next?.pointee {
            if strncmp(variable, Self.secret, Self.secret.utf8.count) != 0 { variables.append(variable) }
            next = next?.advanced(by: 1)
        }
        return variables + [nil]
    }

    private static let secret = "ZOODNS_ZOOKEEPER_AUTH="
}

/// A program cannot be started.
struct StartFailure: Error {
    /// Why, by `errno`.
    let code: Int32

    /// Why, in a few words.
    var text: String { String(cString: strerror(code)) }
}

/// How a program ended.
enum ProgramEnd: Hashable {
    case exited(Int32)
    case killed(by: SignalNumber)

    /// The end that `waitpid` reports as a status.
    init(status: Int32) {
        let signal = status & 0x7F
        self = signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(by: SignalNumber(signal))
    }

    /// The exit code, or the signal that killed the program, for a log.
    var text: String {
        switch self {
        case .exited(let code): "exit \(code)"
        case .killed(let signal): signal.text
        }
    }

    /// As a shell says it: the exit code, or 128 and the signal's number.
    var code: Int32 {
        switch self {
        case .exited(let code): code
        case .killed(let signal): 128 + signal.rawValue
        }
    }
}
