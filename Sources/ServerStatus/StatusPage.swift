import Crypto
import FoundationEssentials

/// The status page: one document with its style and scripts, put together from the files of `Page`.
struct StatusPage: Sendable {
    /// The document.
    let html: String
    /// What browsers may load for it: its own style and scripts, by their digests, and answers of this server (CSP Level 3).
    let contentSecurityPolicy: String

    /// Puts the page together.
    init() {
        let style = Self.text(PackageResources.page_css)
        let script = [PackageResources.format_js, PackageResources.charts_js, PackageResources.services_js, PackageResources.live_js]
            .map(Self.text).joined(separator: "\n")
        html = Self.text(PackageResources.page_html).replacing("/*style*/", with: style).replacing("/*script*/", with: script)
        contentSecurityPolicy = """
            default-src 'none'; script-src '\(Self.digest(of: script))'; style-src '\(Self.digest(of: style))'; connect-src 'self'; \
            img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
            """
    }

    private static func text(_ octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }

    /// An inline style's or script's digest, as a policy names it.
    private static func digest(of text: String) -> String { "sha256-" + Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString() }
}
