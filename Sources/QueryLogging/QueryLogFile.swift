import CLinux
import Glibc
import QueryTap

/// Where the lines of the query log go.
package enum QueryLogPlace: Hashable, Sendable {
    case standardOutput
    /// A file, which is made if it is not there; also a FIFO or a terminal.
    case file(String)

    /// What messages call it.
    package var text: String {
        switch self {
        case .standardOutput: "standard output"
        case .file(let path): path
        }
    }
}

/// A place for the query log cannot be opened.
package struct QueryLogError: Error {
    /// What is wrong, in one line.
    package let text: String
}

/// The file of the query log. No call waits for a reader or a terminal; lines that find no room are counted.
///
/// The file is opened again when its path names another one or none, so that `logrotate` needs no signal.
final class QueryLogFile {
    private let place: QueryLogPlace
    private var descriptor: Int32
    private var outgoing = OutgoingOctets(capacity: capacity)
    private var nextLook: ContinuousClock.Instant
    /// How descriptors that were not opened here are written to: nothing makes those return at once.
    private var isForeign = false
    /// Lines that were not written.
    private(set) var dropped = 0
    /// The reason why lines wait; nil if none do.
    private(set) var obstacle: String?
    /// What the system says against writing, in words, until lines are written again; nil for nothing. A slow reader is no failure.
    private(set) var failure: String?

    /// Octets of lines that wait.
    private static let capacity = 4 << 20
    /// How often to look whether the path still names the file, and to open it again.
    private static let interval: Duration = .seconds(1)
    /// Octets that a pipe or a terminal which says it has room takes without waiting.
    private static let foreignLength = 256
    private static let lineFeed = UInt8(ascii: "\n")

    /// Opens the file. A FIFO without a reader is opened later.
    init(_ place: QueryLogPlace, _ now: ContinuousClock.Instant) throws(QueryLogError) {
        self.place = place
        nextLook = now + Self.interval
        descriptor = Self.open(place)
        let code = errno
        if descriptor < 0, code != ENXIO { throw QueryLogError(text: "\(place.text) cannot be opened: \(String(cString: strerror(code)))") }
        if descriptor < 0, case .standardOutput = place { (descriptor, isForeign) = (STDOUT_FILENO, true) }
        if descriptor < 0 { obstacle = "no process reads it" }
    }

    deinit { if !isForeign, descriptor >= 0 { close(descriptor) } }

    /// A descriptor of its own that never waits, or -1 with `errno`. A line at a time goes to the end of the file, also beside another writer.
    private static func open(_ place: QueryLogPlace) -> Int32 {
        let flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
        switch place {
        case .standardOutput: return Glibc.open("/proc/self/fd/1", flags)
        case .file(let path): return Glibc.open(path, flags | O_CREAT, 0o640)
        }
    }

    /// Writes a line later; it is dropped if there is no room.
    func add(_ line: borrowing [UInt8]) {
        if !outgoing.add(line) { dropped &+= 1 }
    }

    /// Whether no line waits.
    var isEmpty: Bool { outgoing.isEmpty }

    /// Writes what can be written now.
    func step(_ now: ContinuousClock.Instant) {
        if now >= nextLook {
            nextLook = now + Self.interval
            lookAfterPath()
        }
        guard descriptor >= 0, !outgoing.isEmpty else { return }
        let (descriptor, isForeign) = (descriptor, isForeign)
        switch outgoing.write({ isForeign ? Self.writeSome($0, to: descriptor) : Glibc.write(descriptor, $0.baseAddress, $0.count) }) {
        case .done: (obstacle, failure) = (nil, nil)
        case .isBlocked: obstacle = "it is not read fast enough"
        case .failed(let code):
            failure = String(cString: strerror(code))
            obstacle = failure
            // A full disk may have room later; what else fails is opened again.
            if code != ENOSPC, code != EDQUOT { closeFile() }
        }
    }

    /// Counts what still waits as dropped: nothing will be written any more.
    func giveUp() {
        dropped &+= outgoing.occurrences(of: Self.lineFeed)
        outgoing.clear()
    }

    /// Opens the file again if its path names another one, or none. The C functions are `stat` and `fstat`.
    private func lookAfterPath() {
        guard !isForeign else { return }
        if descriptor >= 0, case .file(let path) = place {
            var (named, own) = (stat(), stat())
            let isThere = stat(path, &named) == 0
            if isThere, fstat(descriptor, &own) == 0, named.st_dev == own.st_dev, named.st_ino == own.st_ino { return }
            // Not before the new file is open: the disk may be full, or the folder gone.
            let new = Self.open(place)
            guard new >= 0 else { return }
            close(descriptor)
            descriptor = new
        } else if descriptor < 0 {
            descriptor = Self.open(place)
            if descriptor < 0 { obstacle = errno == ENXIO ? "no process reads it" : String(cString: strerror(errno)) }
        }
    }

    /// Closes the file. The rest of a line that was written in part would not be one in the next.
    private func closeFile() {
        if !isForeign { close(descriptor) }
        descriptor = -1
        isForeign = false
        if outgoing.isCutShort, outgoing.drop(through: Self.lineFeed) { dropped &+= 1 }
    }

    /// Writes as much as a pipe or a terminal takes without waiting. The C functions are `poll` and `write`.
    private static func writeSome(_ octets: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
        var event = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&event, 1, 0) > 0 else {
            errno = EAGAIN
            return -1
        }
        let sent = send(descriptor, octets.baseAddress, octets.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
        guard sent < 0, errno == ENOTSOCK else { return sent }
        return write(descriptor, octets.baseAddress, min(octets.count, foreignLength))
    }
}
