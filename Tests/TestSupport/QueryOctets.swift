/// Queries as octets, written out without the codec under test.
public enum QueryOctets {
    /// A name in wire form from labels between dots.
    public static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    /// A 16-bit number in network order.
    public static func number(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }

    /// A header: ID 0x1234, the flags, the four counts.
    public static func header(flags: Int = 0x0100, _ counts: Int...) -> [UInt8] { number(0x1234) + number(flags) + counts.flatMap(number) }

    /// A question.
    public static func question(_ name: String, _ type: Int, class recordClass: Int = 1) -> [UInt8] {
        self.name(name) + number(type) + number(recordClass)
    }

    /// An OPT record.
    public static func opt(size: Int = 1232, version: Int = 0, do wantsSecurity: Bool = false, options: [UInt8] = []) -> [UInt8] {
        [0] + number(41) + number(size) + [0, UInt8(version)] + number(wantsSecurity ? 0x8000 : 0) + number(options.count) + options
    }

    /// A query with a mnemonic for its type; `opt` as `opt()` gives it.
    public static func query(_ name: String, _ type: String, class recordClass: Int = 1, flags: Int = 0x0100, opt: [UInt8] = []) -> [UInt8]
    {
        let number = PacketText.types[type] ?? Int(type.dropFirst(4)) ?? 0
        return header(flags: flags, 1, 0, 0, opt.isEmpty ? 0 : 1) + question(name, number, class: recordClass) + opt
    }
}
