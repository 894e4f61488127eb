import Foundation

/// A copy of the program under test that every user may run, wherever the checkout is; gone when the test lets go of it.
public final class ProgramCopy {
    private let folder: URL

    /// The program.
    public var zoodns: URL { folder.appending(path: "zoodns") }

    /// Copies the program.
    public init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "zoodns-copy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: RunningProgram.zoodns, to: zoodns)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}
