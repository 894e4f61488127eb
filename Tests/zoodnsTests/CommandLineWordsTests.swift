import Testing

@testable import zoodns

@Suite struct CommandLineWordsTests {
    @Test(arguments: [
        ("serve --ttl -1 --listen x", "serve --ttl=-1 --listen x"), ("serve --ttl=-1 -1", "serve --ttl=-1 -1"),
        ("serve --hold-down -5s", "serve --hold-down=-5s"), ("-1 --help", "-1 --help"),
        ("register web --weight -1 -- sleep --port -1", "register web --weight=-1 -- sleep --port -1"),
        ("register -- -1", "register -- -1"),
    ])
    func `a negative number is the value of the option in front of it`(_ line: String, _ expected: String) {
        #expect(CommandLineWords.joiningNegativeNumbers(line.split(separator: " ").map(String.init)).joined(separator: " ") == expected)
    }
}
