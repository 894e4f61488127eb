import Glibc

/// Files of some lines.
enum SmallFile {
    /// Its octets; nil if it cannot be read, `errno` says why, or if there are more than `limit`.
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var octets = [UInt8](repeating: 0, count: limit + 1)
        let count = fread(&octets, 1, octets.count, file)
        guard ferror(file) == 0 else { return nil }
        guard count <= limit else {
            errno = EFBIG
            return nil
        }
        return Array(octets.prefix(count))
    }
}
