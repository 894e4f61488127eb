import Glibc

/// Which state of the system's resolver configuration there is: equal as long as nobody has written to its file. The C function is `stat`.
struct SystemConfiguration: Equatable {
    private static let path = "/etc/resolv.conf"

    private let file: UInt
    private let seconds: Int
    private let nanoseconds: Int

    /// The present state; all zero without a file.
    init() {
        var status = stat()
        if stat(Self.path, &status) != 0 { status = stat() }
        file = status.st_ino
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
