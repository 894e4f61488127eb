import CLinux
import Glibc

/// The user that the server runs as.
enum ServingUser {
    /// Starts this program once more in the same process, as a user who, other than root, may bind ports below 1024 and has no other right; returns
    /// at once if the process runs as this user already. Before anything is bound or written: each thread has rights of its own, and only a program that begins
    /// without them has them in no thread. The C functions are `getpwnam`, and those of `become_user`; then `execv`.
    static func become(_ name: String) throws(CommandFailure) {
        errno = 0
        guard let entry = getpwnam(name)?.pointee else {
            throw .refused("--user \(name.debugDescription): \(errno == 0 ? "there is no such user" : String(cString: strerror(errno)))")
        }
        guard geteuid() != entry.pw_uid else { return }
        guard geteuid() == 0 else { throw .refused("--user \(name.debugDescription): only root can become another user") }
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard readlink("/proc/self/exe", &path, path.count - 1) > 0, become_user(entry.pw_uid, entry.pw_gid) == 0 else {
            throw .refused("--user \(name.debugDescription): cannot become that user: \(String(cString: strerror(errno)))")
        }
        execv(path, CommandLine.unsafeArgv)
        throw .refused("--user \(name.debugDescription): cannot start as that user: \(String(cString: strerror(errno)))")
    }
}
