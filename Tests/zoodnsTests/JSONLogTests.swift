import Foundation
import Logging
import Testing

@testable import zoodns

@Suite struct JSONLogTests {
    private func line(_ message: String, _ metadata: Logger.Metadata) -> String {
        JSONLogLine.text(time: .init(milliseconds: 1_795_668_523_007), .warning, logger: "zoodns", message, metadata)
    }

    @Test func `a line is an object: time, level, logger, message, then the metadata's keys`() {
        #expect(
            line("lost", ["b": "1", "a": ["x": "y", "list": ["1", "2"]]]) == """
                {"time":"2026-11-26T04:48:43.007Z","level":"warning","logger":"zoodns","message":"lost","a":{"list":["1","2"],"x":"y"},"b":"1"}

                """)
    }

    @Test func `a metadata key that every line has gets an underscore`() {
        #expect(line("m", ["message": "1", "time": "2"]).hasSuffix(#""message":"m","_message":"1","_time":"2"}"# + "\n"))
    }

    @Test(arguments: [
        "\"}\n{\"", "\\", "\u{0}\u{1F}\u{7F}\u{85}\u{2028}", "\u{202E}abc", "é日本", "\u{1F600}\u{E0001}\u{10FFFF}", "\u{1B}[2J", "\r\n",
    ])
    func `hostile text stays in its string, and reads back as it was`(_ text: String) throws {
        let line = line(text, [text: "\(text)"])
        #expect(LogStream.visible(line) == line)
        #expect(line.unicodeScalars.dropLast().allSatisfy { $0.value >= 32 && $0.value != 127 })
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(object["message"]?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
        #expect(object[text]?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
    }
}
