import CLinux
import Glibc

/// How many processors' worth of time this process may use: those that it may run on, as far as its control groups let it.
enum Processors {
    /// Processors that the process may use, at least one.
    static var usable: Int {
        let allowed = Int(clamping: count_allowed_processors())
        // Zero: the machine has more than are looked at, or hides them.
        let present = allowed > 0 ? allowed : sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let own = SmallFile.read("/proc/self/cgroup", limit: longestFile).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return max(1, min(present, quota(of: own, below: "/sys/fs/cgroup") ?? present))
    }

    /// Octets of a control group's file, and of the list of a process's groups.
    private static let longestFile = 1 << 16

    /// The least quota of the control groups in `/proc/self/cgroup` and of those above them, in whole processors, rounded up; nil without one.
    static func quota(of groups: String, below folder: String) -> Int? {
        groups.split(separator: "\n").compactMap { line -> Int? in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { return nil }
            let controllers = fields[1].split(separator: ",")
            if controllers.isEmpty {
                return least(fields[2], below: [folder, folder + "/unified"]) { quota2($0) }
            }
            guard controllers.contains("cpu") else { return nil }
            return least(fields[2], below: [folder + "/" + fields[1], folder + "/cpu"]) { quota1($0) }
        }.min()
    }

    /// The least quota on the way from a group up to the root. In a container the path may be the host's, which is not there: the root is.
    private static func least(_ path: String, below folders: [String], _ quota: (String) -> Int?) -> Int? {
        var names = path.split(separator: "/")
        var quotas: [Int] = []
        while true {
            for folder in folders {
                if let quota = quota(([folder] + names.map(String.init)).joined(separator: "/")) { quotas.append(quota) }
            }
            guard names.popLast() != nil else { return quotas.min() }
        }
    }

    /// `cpu.max` of the second version: `max 100000`, or microseconds of each period.
    private static func quota2(_ group: String) -> Int? {
        let words = words(group + "/cpu.max")
        guard words.count == 2 else { return nil }
        return processors(words[0], words[1])
    }

    /// `cpu.cfs_quota_us` of the first version, -1 for none.
    private static func quota1(_ group: String) -> Int? {
        guard let time = words(group + "/cpu.cfs_quota_us").first, let period = words(group + "/cpu.cfs_period_us").first else {
            return nil
        }
        return processors(time, period)
    }

    private static func processors(_ time: String, _ period: String) -> Int? {
        guard let time = Int(time), let period = Int(period), time > 0, period > 0 else { return nil }
        return (time - 1) / period + 1
    }

    private static func words(_ path: String) -> [String] {
        guard let octets = SmallFile.read(path, limit: longestFile) else { return [] }
        return String(decoding: octets, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
    }
}

/// How the C library's allocator keeps memory.
enum MemoryUse {
    /// Has the allocator give large pieces back to the system, such as the first reading of a registry needs: by default it raises the size
    /// from which it does so to that of the largest piece so far. The C function is `mallopt`.
    static func giveBackLargePieces() { _ = mallopt(M_MMAP_THRESHOLD, 128 << 10) }

    /// Has all threads share two heaps: what one of them makes others free, which leaves holes in as many heaps as there are. What answers
    /// queries over UDP does not allocate. The C function is `mallopt`.
    static func shareHeaps() { _ = mallopt(M_ARENA_MAX, 2) }
}

/// What other processes may see of this one.
enum ProcessMemory {
    /// Keeps the memory and the environment, which hold secrets, from other processes of the same user, such as the program that `register`
    /// starts, and out of core dumps. The C function is `prctl`.
    static func hideFromOthers() { _ = prctl_set_dumpable(0) }
}

/// The machine that the program runs on.
enum Machine {
    /// The machine's own name; empty if it has none. The C function is `gethostname`.
    static var name: String {
        var name = [CChar](repeating: 0, count: Int(HOST_NAME_MAX) + 1)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Files of some lines, such as the kernel's.
enum SmallFile {
    /// A file's octets; nil if it has more than `limit` or cannot be read, for the reason in `errno`. Waits for no writer of a FIFO, which is
    /// empty then, and with `isRegular` reads no other kind of file.
    static func read(_ path: String, limit: Int, isRegular: Bool = false) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, !isRegular || status.st_mode & S_IFMT == S_IFREG, let file = fdopen(descriptor, "r") else {
            close(descriptor)
            errno = EINVAL
            return nil
        }
        defer { fclose(file) }
        // A writer that is there is waited for.
        _ = fcntl(descriptor, F_SETFL, O_RDONLY)
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
