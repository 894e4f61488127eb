import TestSupport
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

    /// A server on ::1 that answers /moved with a redirect to a port where no server is, /silent with nothing, and all else with the Host field.
    private static let server = """
        import http.server, socket, time
        class Server(http.server.ThreadingHTTPServer): address_family = socket.AF_INET6
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/silent":
                    print("silent", flush=True)
                    time.sleep(600)
                self.send_response(302 if self.path == "/moved" else 503)
                self.send_header("Location", "http://[::1]:1/")
                self.end_headers()
                print(self.headers["Host"], flush=True)
            def log_message(self, *_): pass
        server = Server(("::1", 0), Handler)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """

    @Test func `the status is the first response's, over IPv6 too, and a silent server is left once the task is cancelled`() async throws {
        let server = try RunningProgram(ZooKeeperProcess.python, ["-c", Self.server])
        try await waitUntil("it listens") { server.output.hasSuffix("\n") }
        let place = "[::1]:\(server.output.dropLast())"
        let limit = Duration.seconds(60)
        #expect(try await HTTPCheck("http://\(place)/moved")?.status(within: limit).code == 302)
        #expect(try await HTTPCheck("http://\(place)")?.status(within: limit).code == 503)
        try await waitUntil("both have been answered") { server.output.components(separatedBy: place + "\n").count == 3 }
        let silent = try #require(HTTPCheck("http://\(place)/silent"))
        let asking = Task { try await silent.status(within: limit) }
        try await waitUntil("it has been asked") { server.output.hasSuffix("silent\n") }
        asking.cancel()
        await #expect(throws: (any Error).self) { try await asking.value }
    }
}
