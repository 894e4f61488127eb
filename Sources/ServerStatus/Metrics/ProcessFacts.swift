import Glibc

/// What the system says of this process.
struct ProcessFacts {
    /// Seconds of processor time, of user and system together.
    let cpuSeconds: Double
    /// Octets of memory that the process has, and of addresses.
    let residentMemory: Int
    let virtualMemory: Int
    /// Files and sockets that are open, and how many may be.
    let openDescriptors: Int
    let mostDescriptors: UInt64
    let threads: Int
    /// When it began, in seconds since 1970.
    let start: Double

    /// Asks the system. The C functions are `getrusage` and `getrlimit`; the rest is in /proc, and 0 where that cannot be read.
    static var now: ProcessFacts {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let fields = statistics
        return ProcessFacts(
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            residentMemory: (fields[residentPages] ?? 0) * Int(getpagesize()),
            virtualMemory: fields[virtualOctets] ?? 0, openDescriptors: entries("/proc/self/fd"), mostDescriptors: UInt64(limit.rlim_cur),
            threads: fields[threadCount] ?? 0, start: bootTime + Double(fields[startTicks] ?? 0) / Double(sysconf(Int32(_SC_CLK_TCK))))
    }

    // Places of fields in /proc/self/stat behind the program's name, from 0 on (proc(5) counts from 1, with two before them).
    private static let threadCount = 17
    private static let startTicks = 19
    private static let virtualOctets = 20
    private static let residentPages = 21

    private static var statistics: [Int: Int] {
        // The name may hold any character, so that what follows begins at its last parenthesis.
        let words = text("/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
        return Dictionary(words.enumerated().compactMap { index, word in Int(word).map { (index, $0) } }) { first, _ in first }
    }

    private static let bootTime: Double = {
        let line = text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst(6)) } ?? 0
    }()

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    /// How many names a folder holds, that of the one that is open to count them left out.
    private static func entries(_ path: String) -> Int {
        guard let folder = opendir(path) else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) { if entry.pointee.d_name.0 != CChar(bitPattern: UInt8(ascii: ".")) { count += 1 } }
        return max(count - 1, 0)
    }

    /// Octets of a file in /proc that are read: what is looked for stands there, on a machine of many processors too.
    private static let longestFile = 1 << 20

    private static func text(_ path: String) -> String {
        guard let file = fopen(path, "re") else { return "" }
        defer { fclose(file) }
        var octets = [UInt8](repeating: 0, count: longestFile)
        return String(decoding: octets[..<fread(&octets, 1, longestFile, file)], as: UTF8.self)
    }
}
