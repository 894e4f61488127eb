import Testing

@testable import DNSAuthority

/// Names that are folded 32 octets at a time, against the plain way: one octet after another.
@Suite struct FoldedNameTests {
    private var random = SplitMix(state: 1)

    /// Octets that follow the name in memory: whatever they are, they must not matter.
    private mutating func withFolded<Result>(_ name: [UInt8], _ body: (FoldedName) -> Result) -> Result {
        let memory = name + (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        var words = [UInt64](repeating: .random(in: 0 ... .max, using: &random), count: FoldedName.capacity)
        return memory.withUnsafeBytes { octets in
            words.withUnsafeMutableBufferPointer { words in
                guard let start = octets.baseAddress, let first = words.baseAddress else { preconditionFailure("neither is empty") }
                return body(FoldedName(start, length: name.count, in: first))
            }
        }
    }

    private func plain(_ name: [UInt8]) -> [UInt8] { name.map { 65...90 ~= $0 ? $0 + 32 : $0 } }

    private mutating func octets(_ count: Int) -> [UInt8] { (0..<count).map { _ in .random(in: 0...255, using: &random) } }

    /// A wire name of random labels, at most `longest` octets.
    private mutating func name(longest: Int) -> [UInt8] {
        var labels: [UInt8] = []
        while Bool.random(using: &random) || labels.isEmpty {
            let label = octets(.random(in: 1...8, using: &random)).map { $0 % 2 == 0 ? 65 + $0 % 4 : 97 + $0 % 4 }
            guard labels.count + label.count + 2 <= longest else { break }
            labels += [UInt8(label.count)] + label
        }
        return labels + [0]
    }

    @Test mutating func `every octet at every length is folded as ASCII letters are (RFC 4343 §3), with zeros behind`() {
        for length in 1...DomainName.maximumLength {
            let name = octets(length)
            let expected = plain(name)
            withFolded(name) { folded in
                #expect(Array(folded.wire) == expected)
                let room = UnsafeRawBufferPointer(start: folded.octets, count: (length + 8 + 15) & ~15)
                #expect(room.dropFirst(length).prefix(8).allSatisfy { $0 == 0 })
            }
        }
    }

    @Test mutating func `spellings that differ in case alone have one hash and are equal, others are not`() {
        for length in 1...DomainName.maximumLength {
            let name = octets(length)
            let lower = plain(name)
            var other = lower
            let place = Int.random(in: 0..<length, using: &random)
            other[place] ^= 0x80
            let hash = withFolded(name) { $0.hash(seed: 7) }
            #expect(withFolded(lower) { $0.hash(seed: 7) } == hash)
            #expect(withFolded(other) { $0.hash(seed: 7) } != hash)
            #expect(isEqual(name, to: lower))
            #expect(!isEqual(name, to: plain(other)))
            #expect(!isEqual(name, to: lower + [0]))
        }
    }

    private mutating func isEqual(_ name: [UInt8], to other: [UInt8]) -> Bool {
        let memory = other + octets(8)
        return withFolded(name) { folded in
            memory.withUnsafeBytes { folded.equals(UnsafeRawBufferPointer(rebasing: $0[..<other.count])) }
        }
    }

    @Test mutating func `a name is at or below an origin exactly if its last labels are the origin's`() {
        var found = [true: 0, false: 0]
        for _ in 0..<3000 {
            let origin = name(longest: 20)
            let tail = Bool.random(using: &random) ? origin : name(longest: 20)
            let whole = Bool.random(using: &random) ? tail : Array(name(longest: 40).dropLast()) + tail
            let expected = labels(plain(whole)).suffix(labels(plain(origin)).count) == labels(plain(origin))[...]
            let memory = plain(origin) + [UInt8](repeating: 0xFF, count: 8)
            let isBelow = withFolded(whole) { whole in
                memory.withUnsafeBytes { octets in
                    octets.baseAddress.map { whole.isAtOrBelow($0, length: origin.count) } ?? false
                }
            }
            #expect(isBelow == expected, "\(whole) \(origin)")
            found[expected, default: 0] += 1
        }
        #expect(found.values.allSatisfy { $0 > 300 })
    }

    private func labels(_ name: [UInt8]) -> [[UInt8]] {
        var rest = name[...]
        var labels: [[UInt8]] = []
        while let length = rest.popFirst(), length > 0 {
            labels.append(Array(rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
        return labels
    }
}

/// The same numbers in every run (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
