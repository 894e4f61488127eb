import Glibc

/// A file that is replaced whole: after whatever end of the program or the machine, there is the old one or the new one.
struct StateFile {
    let path: String

    /// What did not work, and why.
    struct Failure: Error, Equatable {
        let text: String

        /// What the C function has left in `errno`.
        fileprivate static func system(_ what: String) -> Failure { Failure(text: "\(what): \(String(cString: strerror(errno)))") }
    }

    /// Its octets; nil if there is no file. What is no regular file is not waited for.
    func read(limit: Int) throws(Failure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .system("cannot be opened")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("cannot be looked at") }
        guard Self.isRegular(status) else { throw Failure(text: "is no regular file") }
        guard status.st_size <= limit else { throw Failure(text: "has more than \(limit) octets") }
        return try Self.read(descriptor, count: Int(status.st_size))
    }

    /// No more than there were when it was opened, however fast others write to it.
    private static func read(_ descriptor: Int32, count: Int) throws(Failure) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        var length = 0
        while length < count {
            let read = octets[length...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw .system("cannot be read") }
            guard read > 0 else { break }
            length += read
        }
        return Array(octets[..<length])
    }

    /// Puts these octets in the place of the file's, readable by the owner alone. The C functions are `fsync` and `rename`.
    func replace(with octets: [UInt8]) throws(Failure) {
        var status = stat()
        if stat(path, &status) == 0, !Self.isRegular(status) { throw Failure(text: "is no regular file") }
        let new = path + ".new"
        // Left by an end in the midst of writing.
        unlink(new)
        // Whatever others put there meanwhile, it is neither followed nor taken for ours.
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("\(new) cannot be made") }
        defer { close(descriptor) }
        do throws(Failure) {
            try Self.write(octets, descriptor)
            guard fsync(descriptor) == 0 else { throw .system("\(new) cannot be written") }
            guard Self.isSame(new, descriptor) else { throw Failure(text: "\(new) is written by another process too") }
            guard rename(new, path) == 0 else { throw .system("cannot be replaced") }
        } catch {
            if Self.isSame(new, descriptor) { unlink(new) }
            throw error
        }
        try Self.keep(folder: path)
    }

    private static func write(_ octets: [UInt8], _ descriptor: Int32) throws(Failure) {
        var rest = octets[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw .system("cannot be written") }
            rest = rest.dropFirst(written)
        }
    }

    /// Has the folder's disk keep the new name.
    private static func keep(folder path: String) throws(Failure) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("its folder cannot be opened") }
        defer { close(descriptor) }
        // Some file systems cannot do that for folders.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw .system("its folder cannot be written") }
    }

    private static func isRegular(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }

    /// Whether a path still is the file that is open.
    private static func isSame(_ path: String, _ descriptor: Int32) -> Bool {
        var named = stat()
        var opened = stat()
        return lstat(path, &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_ino == opened.st_ino
            && named.st_dev == opened.st_dev
    }
}
