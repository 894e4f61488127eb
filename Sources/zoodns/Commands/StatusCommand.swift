import ArgumentParser
import Dispatch
import Glibc
import ServerStatus
import UnixSignals

/// Where a command finds the server.
struct AdminOptions: ParsableArguments {
    @Option(Declared.config) var config: String?
    @Option(Declared.admin) var admin: String?

    /// A client of the endpoint; throws if the options make no sense.
    func client() throws(CommandFailure) -> AdminClient {
        var reader = SettingsReader()
        reader.open(config)
        let address = reader.value(Declared.admin, admin, in: .status)
        try reader.finish()
        guard let address else { throw .usage(["--admin: no address"]) }
        return AdminClient(address)
    }
}

/// `zoodns status`: what the status page shows, as text.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Print what a running server says of itself.",
        discussion: "Asks a zoodns serve that was started with --admin. Exits with 1 if there is no answer.")

    @OptionGroup var options: AdminOptions

    func run() async throws {
        let client = try options.client()
        let lines = StatusText(try await client.status()).lines(try await client.changes())
        try StandardStreams.print(lines.joined(separator: "\n") + "\n")
    }
}

/// `zoodns top`: the same, drawn again each second.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Show what a running server answers and what changes, live in a terminal.",
        discussion: "Asks a zoodns serve that was started with --admin, each second. Ends on q, and on SIGINT, SIGTERM and SIGHUP.")

    @OptionGroup var options: AdminOptions

    /// How often the screen is drawn.
    private static let interval: Duration = .seconds(1)

    /// Something to react to.
    private enum Happening: Sendable {
        case status(StatusReport, [PublishedChange], [AskedQuestion]?)
        case failure(String)
        case resized
        case end
    }

    func run() async throws {
        let client = try options.client()
        // Before the terminal changes: a wrong address is an ordinary complaint.
        let first = try await (client.status(), client.changes(), client.questions())
        // Before the terminal changes: from here a signal ends the loop.
        let signals = await UnixSignalsSequence(trapping: [.sigint, .sigterm, .sighup, .sigquit, .sigwinch])
        guard let terminal = Terminal() else { throw CommandFailure.refused("top needs a terminal: zoodns status prints the same once") }
        defer { terminal.restore() }
        let (happenings, source) = AsyncStream.makeStream(of: Happening.self, bufferingPolicy: .bufferingNewest(16))
        let keys = Self.follow(keys: source)
        defer { keys.cancel() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await signal in signals { source.yield(signal == .sigwinch ? .resized : .end) } }
            group.addTask { await Self.poll(client, source) }
            defer { group.cancelAll() }
            var screen = TopScreen()
            screen.take(first.0, first.1, first.2)
            terminal.draw(screen.lines(terminal.size.lines))
            for await happening in happenings {
                switch happening {
                case .status(let status, let changes, let questions): screen.take(status, changes, questions)
                case .failure(let text): screen.fail(text)
                case .resized: break
                case .end: return
                }
                terminal.draw(screen.lines(terminal.size.lines))
            }
        }
    }

    private static func poll(_ client: AdminClient, _ source: AsyncStream<Happening>.Continuation) async {
        while true {
            do { try await Task.sleep(for: interval) } catch { return }
            do throws(CommandFailure) {
                source.yield(.status(try await client.status(), try await client.changes(), try await client.questions()))
            } catch {
                source.yield(.failure(error.text))
            }
        }
    }

    /// Reads keys as they come. A terminal that is gone ends the command.
    private static func follow(keys source: AsyncStream<Happening>.Continuation) -> any DispatchSourceRead {
        let keys = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO)
        keys.setEventHandler {
            var octets = [UInt8](repeating: 0, count: 64)
            let count = read(STDIN_FILENO, &octets, octets.count)
            if count <= 0 || octets.prefix(count).contains(where: { [UInt8(ascii: "q"), UInt8(ascii: "Q")].contains($0) }) {
                source.yield(.end)
                keys.cancel()
            }
        }
        keys.resume()
        return keys
    }
}
