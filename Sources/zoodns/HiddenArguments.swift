/// Arguments that nobody shall see who lists processes.
enum HiddenArguments {
    private static let option = "--zookeeper-auth"

    /// Overwrites the values of secret options where `ps` reads them; to be called when the arguments have been copied.
    static func overwrite() {
        // The memory of the arguments, which Swift gives only a copy of: proc(5), fields 48 and 49 of the process's status.
        guard let fields = statusFields, fields.count > 46, let start = UInt(fields[45]), let end = UInt(fields[46]), start < end,
            let memory = UnsafeMutablePointer<CChar>(bitPattern: start)
        else { return }
        let octets = UnsafeMutableBufferPointer(start: memory, count: Int(end - start))
        var isValue = false
        for argument in octets.indices.split(omittingEmptySubsequences: false, whereSeparator: { octets[$0] == 0 }) {
            let text = String(decoding: octets[argument.startIndex..<argument.endIndex].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let secret =
                isValue
                ? argument : text.hasPrefix(option + "=") ? argument.dropFirst(option.utf8.count + 1) : argument.dropFirst(argument.count)
            for index in secret { octets[index] = CChar(UInt8(ascii: "*")) }
            isValue = text == option
        }
    }

    /// The fields behind the program's name, which may have spaces itself.
    private static var statusFields: [Substring]? {
        guard let octets = SmallFile.read("/proc/self/stat", limit: 4096) else { return nil }
        let text = String(decoding: octets, as: UTF8.self)
        return text.lastIndex(of: ")").map { text[$0...].dropFirst(2).split(separator: " ") }
    }
}
