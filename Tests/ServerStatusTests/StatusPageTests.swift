import Crypto
import Foundation
import Testing

@testable import ServerStatus

@Suite struct StatusPageTests {
    private let page = StatusPage()

    /// What stands between the only tags of a kind.
    private func content(_ tag: String) throws -> String {
        let parts = page.html.components(separatedBy: "<\(tag)>")
        try #require(parts.count == 2)
        return try #require(parts[1].components(separatedBy: "</\(tag)>").first)
    }

    @Test(arguments: [("style", "style-src"), ("script", "script-src")])
    func `browsers run what stands in the page, by its digest (CSP Level 3 §8.3)`(_ tag: String, _ directive: String) throws {
        let digest = Data(SHA256.hash(data: Data(try content(tag).utf8))).base64EncodedString()
        #expect(page.contentSecurityPolicy.contains("\(directive) 'sha256-\(digest)'"))
        #expect(try content(tag).count > 1000)
    }

    @Test func `browsers may do nothing else`() {
        #expect(page.contentSecurityPolicy.hasPrefix("default-src 'none';"))
        #expect(!page.contentSecurityPolicy.contains("unsafe"))
        for directive in ["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"] {
            #expect(page.contentSecurityPolicy.contains(directive))
        }
    }

    @Test func `the page makes elements of no text, and asks no other server`() throws {
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
            #expect(!page.html.contains(way), "\(way)")
        }
        #expect(page.html.firstMatch(of: /<[a-z][^>]*\son[a-z]+=/) == nil)
        let places = Set(page.html.matches(of: /https?:\/\/[^'"\s]+/).map { String($0.output) })
        #expect(places == ["http://www.w3.org/2000/svg"], "names of XML are no places")
    }
}
