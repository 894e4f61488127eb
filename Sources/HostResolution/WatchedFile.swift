import Glibc

/// A file of the system's that is read again when somebody has written to it.
struct WatchedFile {
    /// Which state of a file there is: equal as long as it is the same file, and no one has written to it. The C function is `stat`.
    private struct State: Equatable {
        var file: UInt = 0
        var octets = 0
        var seconds = 0
        var nanoseconds = 0

        init(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return }
            file = status.st_ino
            octets = Int(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    private let path: String
    private let mostOctets: Int
    private var state: State?

    /// Nothing has been read yet. What lies beyond so many octets never is.
    init(_ path: String, mostOctets: Int) {
        self.path = path
        self.mostOctets = mostOctets
    }

    /// The text, if it is different from what was read last, or the first; nothing for a file that cannot be read.
    mutating func takeNews() -> String? {
        let now = State(path)
        guard now != state else { return nil }
        state = now
        return read()
    }

    private func read() -> String {
        // A pipe could keep the thread waiting.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return "" }
        var octets = [UInt8](repeating: 0, count: min(mostOctets, max(Int(status.st_size), 0)))
        let count = max(Glibc.read(descriptor, &octets, octets.count), 0)
        let text = octets.prefix(count)
        // The last line may be a part of one.
        let isWhole = count < mostOctets
        let end = isWhole ? text.endIndex : text.lastIndex(of: UInt8(ascii: "\n")) ?? text.startIndex
        return String(decoding: text[..<end], as: UTF8.self)
    }
}
