import Glibc

/// A signal by its number.
struct SignalNumber: Hashable {
    /// The signal's number.
    let rawValue: Int32

    static let term = SignalNumber(SIGTERM)
    static let int = SignalNumber(SIGINT)
    static let kill = SignalNumber(SIGKILL)
    static let quit = SignalNumber(SIGQUIT)
    static let hup = SignalNumber(SIGHUP)
    static let child = SignalNumber(SIGCHLD)

    private static let names: [String: Int32] = [
        "HUP": SIGHUP, "INT": SIGINT, "QUIT": SIGQUIT, "ABRT": SIGABRT, "KILL": SIGKILL, "USR1": SIGUSR1, "USR2": SIGUSR2,
        "ALRM": SIGALRM, "TERM": SIGTERM, "URG": SIGURG, "XCPU": SIGXCPU, "VTALRM": SIGVTALRM, "WINCH": SIGWINCH,
        "IO": SIGIO, "POLL": SIGIO, "PWR": SIGPWR,
    ]

    /// A signal by its number.
    init(_ rawValue: Int32) { self.rawValue = rawValue }

    /// Reads a signal by which a program may be stopped: `QUIT`, `SIGQUIT`, `3` or `RTMIN+3`; nil for anything else, and for those that stop
    /// a process for a while, or that the kernel sends for what the program itself does.
    init?(text: String) {
        let text = text.uppercased()
        let name = text.hasPrefix("SIG") ? text.dropFirst(3) : text[...]
        guard let number = Self.names[String(name)] ?? Self.realTime(name) ?? Int32(text), Self.isPossible(number) else { return nil }
        rawValue = number
    }

    /// The signal's name with `SIG`, else its number.
    var text: String {
        if let name = Self.names.filter({ $0.value == rawValue }).keys.min() { return "SIG" + name }
        let lowest = __libc_current_sigrtmin()
        return rawValue > lowest ? "SIGRTMIN+\(rawValue - lowest)" : rawValue == lowest ? "SIGRTMIN" : String(rawValue)
    }

    private static func isPossible(_ number: Int32) -> Bool {
        names.values.contains(number) || __libc_current_sigrtmin()...__libc_current_sigrtmax() ~= number
    }

    private static func realTime(_ name: Substring) -> Int32? {
        let (lowest, highest) = (__libc_current_sigrtmin(), __libc_current_sigrtmax())
        switch name {
        case "RTMIN": return lowest
        case "RTMAX": return highest
        case _ where name.hasPrefix("RTMIN+"): return UInt8(name.dropFirst(6)).map { lowest + Int32($0) }
        case _ where name.hasPrefix("RTMAX-"): return UInt8(name.dropFirst(6)).map { highest - Int32($0) }
        default: return nil
        }
    }
}
