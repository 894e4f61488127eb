import Glibc
import SystemPackage

/// A file that is replaced whole: whenever the program or the machine ends, the old file or the new one is there.
struct StateFile: Hashable {
    let path: String

    /// What did not work, and why.
    struct Failure: Error, Equatable {
        let text: String

        /// What was tried, and the `errno` that came of it.
        fileprivate static func system(_ what: String, _ error: any Error = Errno(rawValue: errno)) -> Failure {
            Failure(text: "\(what): \(error)")
        }
    }

    /// When the file was last written, in milliseconds since 1970; nil if there is none.
    var written: Int64? {
        var status = stat()
        guard stat(path, &status) == 0, Self.isRegular(status) else { return nil }
        // Some file systems keep times that have no milliseconds in 64 bits.
        return min(max(Int64(status.st_mtim.tv_sec), 0), 1 << 40) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
    }

    /// The file's octets; nil if there is no file. What is no regular file is not waited for.
    func read(limit: Int) throws(Failure) -> [UInt8]? {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.nonBlocking, .closeOnExec])
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch {
            throw .system("cannot be opened", error)
        }
        defer { try? file.close() }
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else { throw .system("cannot be looked at") }
        guard Self.isRegular(status) else { throw Failure(text: "is no regular file") }
        guard status.st_size <= limit else { throw Failure(text: "has more than \(limit) octets") }
        do { return try Self.read(file, count: Int(status.st_size)) } catch { throw .system("cannot be read", error) }
    }

    /// Reads at most `count` octets: those that the file had when it was opened, however fast others write to it.
    private static func read(_ file: FileDescriptor, count: Int) throws -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        var length = 0
        while length < count {
            let more = try octets.withUnsafeMutableBytes { try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[length...])) }
            guard more > 0 else { break }
            length += more
        }
        return Array(octets[..<length])
    }

    /// Puts these octets in the place of the file's. `isForOthers`: other users may read it, and a crash of the machine may cost it; else the
    /// owner alone may read it. `written`: its time, in milliseconds since 1970; nil for now. The C functions are `fsync` and `rename`.
    func replace(with octets: [UInt8], isForOthers: Bool = false, at written: Int64? = nil) throws(Failure) {
        var status = stat()
        if stat(path, &status) == 0, !Self.isRegular(status) { throw Failure(text: "is no regular file") }
        let new = path + ".new"
        // A program that ended while it wrote has left one.
        unlink(new)
        let file: FileDescriptor
        do {
            // Exclusive and without links: what others put there meanwhile is not taken for ours.
            file = try FileDescriptor.open(
                FilePath(new), .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec], permissions: .ownerReadWrite)
        } catch {
            throw .system("\(new) cannot be made", error)
        }
        defer { try? file.close() }
        if isForOthers { fchmod(file.rawValue, 0o644) }
        defer { if let written { Self.setTime(of: file.rawValue, written) } }
        do throws(Failure) {
            do { try file.writeAll(octets) } catch { throw .system("\(new) cannot be written", error) }
            guard isForOthers || fsync(file.rawValue) == 0 else { throw .system("\(new) cannot be written") }
            guard Self.isSame(new, file.rawValue) else { throw Failure(text: "\(new) is written by another process too") }
            guard rename(new, path) == 0 else { throw .system("cannot be replaced") }
        } catch {
            if Self.isSame(new, file.rawValue) { unlink(new) }
            throw error
        }
        if !isForOthers { try Self.keep(folder: path) }
    }

    /// The C function is `futimens`.
    private static func setTime(of descriptor: Int32, _ milliseconds: Int64) {
        let time = timespec(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
        futimens(descriptor, [time, time])
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

    /// Whether a path still leads to the file that is open.
    private static func isSame(_ path: String, _ descriptor: Int32) -> Bool {
        var named = stat()
        var opened = stat()
        return lstat(path, &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_ino == opened.st_ino
            && named.st_dev == opened.st_dev
    }
}
