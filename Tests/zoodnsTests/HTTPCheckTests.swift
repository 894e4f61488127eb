import Testing

@testable import zoodns

@Suite struct HTTPCheckTests {
    @Test(arguments: [
        ("http://h", "h", "/", "h:80"), ("http://h?x=1", "h", "/?x=1", "h:80"), ("http://h:8080/a?b", "h:8080", "/a?b", "h:8080"),
        ("https://[::1]/a", "[::1]", "/a", "[::1]:443"), ("https://[::1]:443", "[::1]", "/", "[::1]:443"),
        ("https://h:80/", "h:80", "/", "h:80"), ("http://10.0.0.1:443/", "10.0.0.1:443", "/", "10.0.0.1:443"),
    ])
    func `a URL is a place, a Host field (RFC 9110 §7.2) and a target`(_ url: String, _ host: String, _ target: String, _ place: String)
        throws
    {
        let check = try #require(HTTPCheck(url))
        #expect(check.hostField == host)
        #expect(check.target == target)
        #expect(check.port.text == place)
        #expect(check.isSecure == url.hasPrefix("https"))
    }

    @Test(arguments: ["ftp://h/", "http://", "http://h:0/", "http://h/#a", "http://h/a b", "http://u@h/", "http://::1/", "HTTP://h/"])
    func `anything else is none`(_ url: String) { #expect(HTTPCheck(url) == nil) }
}
