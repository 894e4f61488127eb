/// What to do with a message, judged from its header alone.
enum QueryAcceptance {
    /// It is read and answered.
    case accept(HeaderFlags)
    /// It is met with silence: too short to answer, or itself a response, which must never be answered lest two servers talk for ever.
    case ignore

    /// Judges the first octets of a message of `length` octets.
    @inline(__always)
    static func judge(_ message: UnsafeRawPointer, length: Int) -> QueryAcceptance {
        guard length >= Header.length else { return .ignore }
        let bits = UInt16(bigEndian: message.loadUnaligned(fromByteOffset: Header.flagsOffset, as: UInt16.self))
        let flags = HeaderFlags(bits: bits)
        return flags.isResponse ? .ignore : .accept(flags)
    }
}
