import Glibc
import SystemPackage

/// The terminal as a screen of lines that are drawn over, without echo and without waiting for the end of a line.
///
/// `restore` makes it what it was before; every way out of the program must lead there.
final class Terminal {
    private let saved: termios

    private static let begin = "\u{1B}[?1049h\u{1B}[?25l"
    private static let end = "\u{1B}[?25h\u{1B}[?1049l"

    /// Takes over the terminal; nil if standard input or output is none. The C function is `tcsetattr`.
    init?() {
        var settings = termios()
        guard isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        saved = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        // A screen that a key stops, or leaves to the shell half drawn, would need another key to go on.
        settings.c_iflag &= ~tcflag_t(IXON)
        withUnsafeMutableBytes(of: &settings.c_cc) { keys in
            // No key: C's _POSIX_VDISABLE.
            keys[Int(VSUSP)] = 0
            keys[Int(VMIN)] = 1
            keys[Int(VTIME)] = 0
        }
        guard tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0 else { return nil }
        write(Self.begin)
    }

    /// Makes the terminal what it was.
    func restore() {
        write(Self.end)
        var settings = saved
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
    }

    /// Columns and lines; those of the oldest terminals where it does not say. The C function is `ioctl`.
    var size: (columns: Int, lines: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Draws lines from the top, cut to the screen: in one write, so that nothing flickers.
    func draw(_ lines: [String]) {
        let (columns, count) = size
        let cut = lines.prefix(count).map { String($0.prefix(columns)) + "\u{1B}[K" }
        write("\u{1B}[H" + cut.joined(separator: "\r\n") + "\u{1B}[J")
    }

    private func write(_ text: String) { _ = try? FileDescriptor.standardOutput.writeAll(text.utf8) }
}
