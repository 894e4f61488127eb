import Testing
import ZooKeeperClient

@Suite struct ConnectStringTests {
    @Test(arguments: [
        ("a:1,b:2/x/y", "a:1,b:2/x/y"), ("[::1]:2200", "[::1]:2200"), ("127.0.0.1", "127.0.0.1:2181"), (" a , b ", "a:2181,b:2181"),
        ("a:1/", "a:1"),
    ])
    func `ZooKeeper's own forms are read`(_ text: String, _ canonical: String) { #expect(ConnectString(text)?.text == canonical) }

    @Test(arguments: ["", ",", "a:0", "a:65536", "a:x", "a:1,", "a/b//c", "a/b/", "a b", "1.2.3:1", "::1:1:"])
    func `what the C client would misread is refused`(_ text: String) { #expect(ConnectString(text) == nil) }
}
