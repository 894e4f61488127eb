import DNSAuthority
import Glibc
import QueryTap

/// Writes a query and its response as a line of JSON (RFC 8259), with the keys of CoreDNS's placeholders.
///
/// All that clients choose are names: their octets become presentation form (RFC 1035 §5.1), which is plain ASCII.
struct QueryLogLine {
    /// The line that was written last, with its line feed.
    private(set) var octets: [UInt8] = []
    private var clock = UTCText()

    /// Writes the line of a record.
    mutating func write(_ record: QueryRecord) {
        octets.removeAll(keepingCapacity: true)
        let question = QuestionReader(record.query)
        add("{\"time\":\"")
        clock.add(record.times.received, to: &octets)
        add("\",\"remote\":\"")
        octets.add(address: record.client)
        add("\",\"port\":")
        octets.add(number: Int(record.client.networkOrder16(at: 2)))
        add(",\"local\":\"")
        octets.add(address: record.local)
        add(record.isStream ? "\",\"proto\":\"tcp\"" : "\",\"proto\":\"udp\"")
        add(",\"id\":")
        octets.add(number: question.id)
        add(",\"opcode\":")
        octets.add(number: question.opcode)
        write(question)
        add(",\"size\":")
        octets.add(number: record.query.count)
        add(question.wantsSecurity ? ",\"do\":true" : ",\"do\":false")
        add(",\"bufsize\":")
        octets.add(number: question.payloadSize)
        add(",\"rcode\":")
        octets.add(code: record.code)
        add(",\"rflags\":\"")
        octets.add(flagsOf: record.response)
        add("\",\"rsize\":")
        octets.add(number: record.response.count)
        add(",\"duration\":")
        octets.add(seconds: record.times.sent &- record.times.received)
        add("}\n")
    }

    private mutating func add(_ text: StaticString) { octets.add(text) }

    /// Type, class and name; null where the query has no question that can be read.
    private mutating func write(_ question: QuestionReader) {
        guard let name = question.name else { return add(",\"type\":null,\"class\":null,\"name\":null") }
        add(",\"type\":\"")
        octets.add(type: question.type)
        add("\",\"class\":\"")
        octets.add(recordClass: question.recordClass)
        add("\",\"name\":\"")
        octets.add(name: name, isInJSON: true)
        add("\"")
    }
}

extension [UInt8] {
    fileprivate mutating func add(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A number from 0 on in decimal digits, with as many zeros in front as `width` takes.
    fileprivate mutating func add(number: Int, width: Int = 1) {
        var digits: UInt64 = 0
        var count = 0
        var rest = number
        while rest > 0 || count < width {
            // At most sixteen digits: nanoseconds of a second, or 32 bits.
            digits = digits << 4 | UInt64(rest % 10)
            rest /= 10
            count += 1
        }
        for _ in 0..<count {
            append(48 + UInt8(truncatingIfNeeded: digits & 15))
            digits >>= 4
        }
    }

    /// Nanoseconds as seconds with a fraction; none if the clock was set back.
    fileprivate mutating func add(seconds nanoseconds: Int64) {
        let nanoseconds = Int(Swift.min(Swift.max(nanoseconds, 0), 1_000_000_000_000))
        add(number: nanoseconds / 1_000_000_000)
        add(".")
        add(number: nanoseconds % 1_000_000_000, width: 9)
    }

    /// The address in a socket address. The C function is `inet_ntop`.
    fileprivate mutating func add(address: UnsafeRawPointer) {
        guard address.loadUnaligned(as: UInt16.self) == UInt16(AF_INET6) else {
            for offset in 4..<8 {
                if offset > 4 { add(".") }
                add(number: Int(address.load(fromByteOffset: offset, as: UInt8.self)))
            }
            return
        }
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            guard inet_ntop(AF_INET6, address + 8, text.baseAddress, socklen_t(text.count)) != nil else { return }
            for character in text.prefix(while: { $0 != 0 }) { append(UInt8(bitPattern: character)) }
        }
    }

    /// A name in wire form, in lower case with a final dot; with `isInJSON` as a part of a JSON string.
    mutating func add(name: UnsafeRawBufferPointer, isInJSON: Bool) {
        var left = 0
        if name.count <= 1 { add(".") }
        for octet in name {
            if left > 0 {
                add(octetOfName: octet, isInJSON)
                left -= 1
                if left == 0 { add(".") }
            } else {
                left = Int(octet)
            }
        }
    }

    /// As `DomainName.text` has it; in JSON backslashes and quotation marks are escaped once more.
    private mutating func add(octetOfName octet: UInt8, _ isInJSON: Bool) {
        let backslash: StaticString = isInJSON ? "\\\\" : "\\"
        switch octet {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): append(octet | 0x20)
        case UInt8(ascii: "."), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ";"), UInt8(ascii: "@"), UInt8(ascii: "$"):
            add(backslash)
            append(octet)
        case UInt8(ascii: "\\"):
            add(backslash)
            add(backslash)
        case UInt8(ascii: "\""):
            add(backslash)
            add(isInJSON ? "\\\"" : "\"")
        case 33...126: append(octet)
        default:
            add(backslash)
            add(number: Int(octet), width: 3)
        }
    }

    /// The mnemonic of a question's type.
    mutating func add(type: Int) {
        if let mnemonic = UInt16(exactly: type).flatMap({ RecordType(rawValue: $0).mnemonic }) { return add(mnemonic) }
        add("TYPE")
        add(number: type)
    }

    fileprivate mutating func add(recordClass: Int) {
        switch recordClass {
        case 1: add("IN")
        case 3: add("CH")
        case 4: add("HS")
        case 255: add("ANY")
        default:
            add("CLASS")
            add(number: recordClass)
        }
    }

    /// The mnemonic of an RCODE, as a JSON value; null for silence.
    fileprivate mutating func add(code: UInt16?) {
        guard let code = code.flatMap(ResponseCode.init) else { return add("null") }
        add("\"")
        append(contentsOf: code.text.utf8)
        add("\"")
    }

    /// The flags that are set in a response, with commas between.
    fileprivate mutating func add(flagsOf response: UnsafeRawBufferPointer) {
        guard response.count >= 4 else { return }
        let flags = UInt16(response[2]) << 8 | UInt16(response[3])
        var isFirst = true
        func has(_ bit: UInt16) -> Bool { flags & bit != 0 }
        let names: [(UInt16, StaticString)] = [
            (0x8000, "qr"), (0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0020, "ad"), (0x0010, "cd"),
        ]
        for (bit, name) in names where has(bit) {
            if !isFirst { add(",") }
            isFirst = false
            add(name)
        }
    }
}

/// Times as RFC 3339 has them, in UTC: `2026-11-26T04:48:43.000123Z`.
package struct UTCText {
    /// Digits of a fraction of a second, nine at most.
    private let digits: Int
    private var second = Int64.min
    /// The last second's date and time.
    private var text: [UInt8] = []

    /// Times to the microsecond, or with so many digits behind the second.
    package init(fractionDigits: Int = 6) { digits = min(max(fractionDigits, 0), 9) }

    /// Adds a time in nanoseconds since 1970. The C function is `gmtime_r`.
    package mutating func add(_ nanoseconds: Int64, to octets: inout [UInt8]) {
        var (second, fraction) = max(nanoseconds, 0).quotientAndRemainder(dividingBy: 1_000_000_000)
        if second != self.second {
            self.second = second
            text = Self.text(of: second)
        }
        for _ in digits..<9 { fraction /= 10 }
        octets += text
        octets.add(".")
        octets.add(number: Int(fraction), width: digits)
        octets.add("Z")
    }

    private static func text(of second: Int64) -> [UInt8] {
        var time = time_t(second)
        var parts = tm()
        gmtime_r(&time, &parts)
        var text: [UInt8] = []
        text.add(number: Int(parts.tm_year) + 1900, width: 4)
        text.add("-")
        text.add(number: Int(parts.tm_mon) + 1, width: 2)
        text.add("-")
        text.add(number: Int(parts.tm_mday), width: 2)
        text.add("T")
        text.add(number: Int(parts.tm_hour), width: 2)
        text.add(":")
        text.add(number: Int(parts.tm_min), width: 2)
        text.add(":")
        text.add(number: Int(parts.tm_sec), width: 2)
        return text
    }
}
