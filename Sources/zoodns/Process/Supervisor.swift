import FoundationEssentials
import Glibc

/// The program that has started this one, watches over it and wants to hear how it is: systemd, or another that knows the protocol of `sd_notify`.
struct Supervisor: Sendable {
    /// How long the supervisor waits for a sign of life before it takes the program for dead; nil if it does not wait for any.
    let patience: Duration?
    private let socket: NotificationSocket

    /// The supervisor that the environment names; nil if there is none, or its socket cannot be named by the C library.
    init?(_ environment: [String: String], process: pid_t = getpid()) {
        guard let place = environment["NOTIFY_SOCKET"], let socket = NotificationSocket(place) else { return nil }
        self.socket = socket
        let isForUs = environment["WATCHDOG_PID"].map { pid_t($0) == process } ?? true
        patience = environment["WATCHDOG_USEC"].flatMap { UInt32($0) }.flatMap { isForUs && $0 > 0 ? .microseconds(Int64($0)) : nil }
    }

    /// Sends one message. Where the supervisor does not read, tries again for a while; it may miss the message then.
    func tell(_ notices: SupervisorNotice...) async {
        let message = Array(notices.map(\.text).joined(separator: "\n").utf8)
        // The end does not wait for it.
        let attempts = notices.contains { if case .stopping = $0 { true } else { false } } ? 1 : Self.attempts
        for _ in 0..<attempts {
            if socket.send(message) != EAGAIN { return }
            guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
        }
    }

    private static let attempts = 50
    private static let pause: Duration = .milliseconds(100)
}

/// What a supervisor hears of the program.
enum SupervisorNotice: Equatable {
    /// The program does its work; also: once more, after `reloading`.
    case ready
    /// The settings are read again since this time of the kernel's monotonic clock.
    case reloading(microseconds: UInt64)
    /// The program is about to end, within so long.
    case stopping(within: Duration)
    /// A line for people.
    case status(String)
    /// The program lives.
    case alive

    /// The notice as the protocol has it.
    var text: String {
        switch self {
        case .ready: "READY=1"
        case .reloading(let microseconds): "RELOADING=1\nMONOTONIC_USEC=\(microseconds)"
        case .stopping(let limit):
            "STOPPING=1\nEXTEND_TIMEOUT_USEC=\(min(limit.components.seconds, Self.longest) * 1_000_000)"
        case .status(let line): "STATUS=" + StandardStreams.oneLine(line)
        case .alive: "WATCHDOG=1"
        }
    }

    /// Seconds, more than a supervisor waits.
    private static let longest: Int64 = 1 << 40

    /// The settings are read again from now on. The C function is `clock_gettime`.
    static var reloadingNow: SupervisorNotice {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .reloading(microseconds: UInt64(clamping: time.tv_sec) * 1_000_000 + UInt64(clamping: time.tv_nsec) / 1000)
    }
}

/// A socket to the supervisor's, which is a path, or a name behind `@` in the kernel's abstract namespace.
private final class NotificationSocket: Sendable {
    private let descriptor: Int32
    private let address: sockaddr_un
    private let length: socklen_t

    /// Nil for what is neither, is too long, or has no descriptor left.
    init?(_ place: String) {
        var octets = Array(place.utf8)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard octets.count > 1, octets.count < room, octets[0] == UInt8(ascii: "/") || octets[0] == UInt8(ascii: "@") else { return nil }
        // A name may have any octets, so its length counts; a path ends with a zero.
        if octets[0] == UInt8(ascii: "@") { octets[0] = 0 } else { octets.append(0) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: octets) }
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? 2) + socklen_t(octets.count)
        self.address = address
    }

    deinit { close(descriptor) }

    /// Sends a datagram without waiting; what went wrong, or 0. The C function is `sendto`.
    func send(_ message: [UInt8]) -> Int32 {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length) < 0 ? errno : 0
            }
        }
    }
}
