import Testing

@testable import ProviderRegistry

@Suite struct RegistryLayoutTextTests {
    @Test(arguments: ["/providers", "/a:b", "/", "curator:/services", "dubbo:/dubbo", "json?host=/IP&port=/PublicPort:/services/*/*"])
    func `a layout is written as it is read`(_ text: String) throws { #expect(try RegistryLayout(text: text).text == text) }

    @Test func `marks in parameters are escaped`() throws {
        let format = try RegistryFormat.named("json", ["host": "/a:b=c&d,e%f", "port": "/é"])
        let layout = try #require(RegistryLayout(pattern: "/x", format: format))
        #expect(layout.text == "json?host=/a%3Ab%3Dc%26d%2Ce%25f&port=/é:/x")
        #expect(try RegistryLayout(text: layout.text) == layout)
    }

    @Test(arguments: [
        ("providers", "a path such as /providers"), ("curator:services", "a path such as /providers"), ("", "a path such as /providers"),
        ("curator:", "a path such as /providers"), ("curater:/a", #"no format "curater": one of providers, curator"#),
        ("curator?x=1:/a", #"the format curator has no "x""#), ("json?host:/a", "expected KEY=VALUE"),
        ("json?host=/a&host=/b:/a", #""host" of a format: expected once"#), ("json?host=%4:/a", "expected KEY=VALUE"),
        ("json?host=a:/a", "no JSON pointer"),
    ])
    func `anything else is wrong for a reason`(_ text: String, _ reason: String) {
        do {
            let layout = try RegistryLayout(text: text)
            Issue.record("\(layout)")
        } catch {
            #expect(error.text.contains(reason), "\(error.text)")
        }
    }
}
