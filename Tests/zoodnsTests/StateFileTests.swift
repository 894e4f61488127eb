import Foundation
import TestSupport
import Testing

@testable import zoodns

@Suite struct StateFileTests {
    /// A folder that is gone with the test.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appending(path: "zoodns-test-\(UUID().uuidString)").path

        init() { mkdir(path, 0o700) }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
        var file: StateFile { StateFile(path: path + "/state") }
    }

    @Test func `what is written is read, by the owner alone, and nothing else is left in the folder`() throws {
        let folder = Folder()
        #expect(try folder.file.read(limit: 100) == nil)
        try folder.file.replace(with: [1, 2, 3])
        try folder.file.replace(with: [4])
        #expect(try folder.file.read(limit: 100) == [4])
        #expect(folder.names == ["state"])
        var status = stat()
        stat(folder.file.path, &status)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func `a file has the time that is said, which may be still to come or nonsense`() throws {
        let folder = Folder()
        #expect(folder.file.written == nil)
        try folder.file.replace(with: [1])
        let now = try #require(folder.file.written)
        try folder.file.replace(with: [2], at: now + 80_001)
        #expect(folder.file.written == now + 80_001)
        try folder.file.replace(with: [3], at: .max)
        #expect(try #require(folder.file.written) > now)
    }

    @Test func `what stands where the new file is made is not followed`() throws {
        let folder = Folder()
        try Data([9]).write(to: URL(filePath: folder.path + "/victim"))
        symlink("victim", folder.path + "/state.new")
        try folder.file.replace(with: [1])
        #expect(try Data(contentsOf: URL(filePath: folder.path + "/victim")) == Data([9]))
        #expect(folder.names == ["state", "victim"])
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["FIFO", "folder", "device"])
    func `what is no regular file is neither read nor replaced`(_ kind: String) throws {
        let folder = Folder()
        switch kind {
        case "FIFO": mkfifo(folder.file.path, 0o600)
        case "folder": mkdir(folder.file.path, 0o700)
        default: symlink("/dev/zero", folder.file.path)
        }
        #expect(throws: StateFile.Failure(text: "is no regular file")) { try folder.file.read(limit: 100) }
        #expect(throws: StateFile.Failure(text: "is no regular file")) { try folder.file.replace(with: [1]) }
        #expect(folder.names == ["state"])
    }

    @Test func `a file that is too large is not read`() throws {
        let folder = Folder()
        try folder.file.replace(with: [1, 2, 3])
        #expect(throws: StateFile.Failure.self) { try folder.file.read(limit: 2) }
    }

    @Test func `where there is no folder, the failure says why`() {
        #expect(throws: StateFile.Failure(text: "/nowhere/state.new cannot be made: No such file or directory")) {
            try StateFile(path: "/nowhere/state").replace(with: [])
        }
    }
}
