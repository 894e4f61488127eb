import Testing

@testable import zoodns

@Suite struct DurationTextTests {
    @Test(arguments: [
        ("90", Duration.seconds(90)), ("90s", .seconds(90)), ("250ms", .milliseconds(250)), ("15m", .seconds(900)), ("1h", .seconds(3600)),
        ("0", .zero),
    ])
    func `seconds, or a number with a unit`(_ text: String, _ duration: Duration) { #expect(Duration(text: text) == duration) }

    @Test(arguments: ["", "s", "1d", "-1", "+1", "1.5s", "1 s", " 1", "1S", "٣", "99999999999999999999", "3153600001", "876001h"])
    func `anything else is none`(_ text: String) { #expect(Duration(text: text) == nil) }
}
