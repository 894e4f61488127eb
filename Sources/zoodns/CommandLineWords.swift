/// The words of the command line, as the parser of arguments takes them.
enum CommandLineWords {
    /// Joins a negative number to the option in front of it: the parser would take it for an option, and say that a value is missing rather than
    /// what is wrong with this one. No option of ours begins with a digit; what stands behind `--` is for another program.
    static func joiningNegativeNumbers(_ words: [String]) -> [String] {
        var joined: [String] = []
        var isOurs = true
        for word in words {
            if word == "--" { isOurs = false }
            if isOurs, let last = joined.last, isNegativeNumber(word), last.hasPrefix("--"), !last.contains("=") {
                joined[joined.count - 1] = last + "=" + word
            } else {
                joined.append(word)
            }
        }
        return joined
    }

    private static func isNegativeNumber(_ word: String) -> Bool {
        word.first == "-" && word.dropFirst().first.map { $0.isASCII && $0.isNumber } ?? false
    }
}
