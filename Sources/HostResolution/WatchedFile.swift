import Glibc
import Logging

/// A file of the system that is read again when it has been written to.
struct WatchedFile {
    /// Which state of a file there is: equal as long as it is the same file, and no one has written to it. The C function is `stat`.
    private enum State: Equatable {
        case missing
        case present(device: UInt, file: UInt, octets: Int, written: [Int])
    }

    /// Why a file could not be read, in words.
    private struct Failure: Error, Equatable {
        let text: String

        /// The C library's error number.
        init(_ number: Int32 = errno) { text = String(cString: strerror(number)) }

        init(text: String) { self.text = text }
    }

    /// What has been read.
    private struct Content {
        var octets: [UInt8] = []
        var isCut = false
    }

    /// Octets that are read at once.
    private static let piece = 64 << 10

    private let path: String
    private let mostOctets: Int
    /// What was read last; nil if it has to be read.
    private var state: State?
    private var hasBegun = false
    private var failure: Failure?

    /// Nothing has been read yet. What lies beyond so many octets never is.
    init(_ path: String, mostOctets: Int) {
        self.path = path
        self.mostOctets = mostOctets
    }

    /// Has the octets taken again, whether or not the file has been written to.
    mutating func forget() { state = nil }

    /// The octets, if the file has been written to since they were last taken, or not taken yet; none for a file that does not exist. A file that cannot
    /// be read is reported once, and changes nothing: it is tried again each time.
    mutating func takeNews(_ logger: Logger) -> [UInt8]? {
        do throws(Failure) {
            let now = try look()
            guard now != state else { return nil }
            let content = now == .missing ? Content() : try read()
            if now == .missing { logger.info("file is not there", metadata: ["path": "\(path)"]) }
            if content.isCut { report("file is too long: the rest is left out", "most-octets", "\(mostOctets)", logger) }
            (state, failure, hasBegun) = (now, nil, true)
            return content.octets
        } catch {
            if failure != error { report("file cannot be read", "reason", error.text, logger) }
            defer { (state, failure, hasBegun) = (nil, error, true) }
            return hasBegun ? nil : []
        }
    }

    private func report(_ message: Logger.Message, _ key: String, _ value: String, _ logger: Logger) {
        logger.warning(message, metadata: ["path": "\(path)", key: "\(value)"])
    }

    private func look() throws(Failure) -> State {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return .missing }
            throw Failure()
        }
        // Not to be opened: that could keep the thread waiting, or do something.
        try check(status)
        let written = [status.st_mtim, status.st_ctim].flatMap { [$0.tv_sec, $0.tv_nsec] }
        return .present(device: status.st_dev, file: status.st_ino, octets: Int(status.st_size), written: written)
    }

    private func check(_ status: stat) throws(Failure) {
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(text: "it is no regular file") }
    }

    private func read() throws(Failure) -> Content {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Failure() }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure() }
        try check(status)
        var content = Content()
        var piece = [UInt8](repeating: 0, count: Self.piece)
        while content.octets.count <= mostOctets {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count == 0 { return content }
            if count > 0 { content.octets += piece.prefix(count) } else if errno != EINTR { throw Failure() }
        }
        // The last line would be a part of one.
        let whole = content.octets.prefix(mostOctets)
        content.octets = Array(whole[..<(whole.lastIndex(of: UInt8(ascii: "\n")) ?? whole.startIndex)])
        content.isCut = true
        return content
    }
}
