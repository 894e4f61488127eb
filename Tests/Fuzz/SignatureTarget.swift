import DNSSecurity

/// Any octets are judged as a key file, as a request, as a response, and as a message that is signed first, without a trap; what is found of
/// them fits together.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = Array(UnsafeBufferPointer(start: start, count: min(count, 65_535)))
    judgeFile(octets)
    judgeRequest(octets)
    for key in keys {
        var verifier = ResponseVerifier(key: key, requestMAC: [1, 2, 3])
        if case .verified(let content) = verifier.verify(octets, at: now) { precondition(isContent(content, of: octets)) }
    }
    sign(octets)
    return 0
}

private let now: UInt64 = 1_790_000_000
private let keys = MACAlgorithm.allCases.map { algorithm in
    TransactionKey(name: [3] + Array("key".utf8) + [7] + Array("example".utf8) + [0], algorithm: algorithm, secret: [7, 8])
}

/// A key file has keys, which can be written and read again, or problems at lines that it has.
private func judgeFile(_ octets: [UInt8]) {
    do throws(KeyFileError) {
        let keys = try KeyFile(octets).keys
        precondition(Set(keys.map(\.name)).count == keys.count, "two keys of one name")
        let again = keys.map { key in
            precondition(1...255 ~= key.name.count && !key.secret.isEmpty, "a key without a name or a secret")
            return "KEY\"\(KeyName.text(of: key.name))\"{algorithm \(key.algorithm.rawValue).;secret\"\(base64(key.secret))\";};"
        }
        let text = Array(again.joined(separator: "\n").utf8)
        guard let read = try? KeyFile(text) else { preconditionFailure("keys that cannot be read again") }
        precondition(read.keys == keys, "other keys when read again")
    } catch {
        precondition(!error.problems.isEmpty, "an error without a problem")
        let lines = octets.count { $0 == 10 } + 1
        for problem in error.problems {
            let words = problem.split(whereSeparator: { $0 == " " || $0 == ":" })
            precondition(words[0] == "the" || words[0] == "line" && (Int(words[1]).map { 1...lines ~= $0 } ?? false), problem)
        }
    }
}

private func base64(_ octets: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: octets.count, by: 3) {
        let group = octets[start...].prefix(3)
        let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
        for index in 0...group.count { text.append(digits[bits >> (18 - 6 * index) & 63]) }
        text += String(repeating: "=", count: 3 - group.count)
    }
    return text
}

/// Whether these are a message's octets up to its last record, one record fewer counted.
private func isContent(_ content: [UInt8], of octets: [UInt8]) -> Bool {
    let counted = { (octets: [UInt8]) in Int(octets[10]) << 8 | Int(octets[11]) }
    return 12..<octets.count ~= content.count && content[..<10] == octets[..<10] && content[12...] == octets[12..<content.count]
        && counted(content) + 1 == counted(octets)
}

/// A request's response can be signed, and the client finds of it what the server meant.
private func judgeRequest(_ octets: [UInt8]) {
    for keys in [keys, Array(keys.reversed())] {
        switch RequestVerification(octets, keys: keys, at: now) {
        case .unsigned, .malformed: break
        case .verified(let request):
            precondition(isContent(request.content, of: octets), "another message than was signed")
        case .refused(let request):
            precondition(1...255 ~= request.keyName.count, "a key's name of an impossible length")
            var (answer, signer) = (Array(octets[..<4]) + [0, 0, 0, 0, 0, 0, 0, 0], request.signer)
            let mac = signer.sign(&answer, at: now)
            precondition(answer.count == 12 + signer.length, "a signature of another length")
            precondition(mac.isEmpty == (request.error == .badKey || request.error == .badSignature), "a code where none may be, or none")
            guard case .refused = RequestVerification(answer, keys: [], at: now) else {
                preconditionFailure("a record that cannot be read")
            }
        }
    }
}

/// A message that can be read is verified when it is signed, and not when any bit of it is another then.
private func sign(_ octets: [UInt8]) {
    guard octets.count >= 12, octets.count <= 60_000, (octets[10], octets[11]) != (255, 255) else { return }
    let key = keys[Int(octets[0]) % keys.count]
    var (message, signer) = (octets, Signer(key: key))
    let mac = signer.sign(&message, at: now)
    precondition(message.count == octets.count + signer.length, "a signature of another length")
    guard case .unsigned = RequestVerification(octets, keys: keys, at: now) else {
        // The record's octets may be taken for those that the message lacks.
        if case .verified = RequestVerification(message, keys: keys, at: now) { preconditionFailure("what cannot be read is verified") }
        return
    }
    guard case .verified(let request) = RequestVerification(message, keys: keys, at: now) else {
        preconditionFailure("what is signed is not verified")
    }
    precondition(request.content == octets && request.key == key, "another message than was signed")
    answer(request, octets, mac)
    let place = 2 + (Int(octets[0]) << 8 | Int(octets[1])) % (message.count - 2)
    message[place] ^= 1 << (octets[2] & 7)
    // Letters of names may be in any case.
    let isFree = octets[2] & 7 == 5 && place >= octets.count && 65...90 ~= message[place] & ~32
    if case .verified = RequestVerification(message, keys: keys, at: now) { precondition(isFree, "changed, but verified") }
}

/// Both messages of a response are verified in their order, and only so.
private func answer(_ request: VerifiedRequest, _ octets: [UInt8], _ mac: [UInt8]) {
    var (signer, verifier) = (request.signer, ResponseVerifier(key: request.key, requestMAC: mac))
    var (first, second) = (octets, octets)
    signer.sign(&first, at: now)
    signer.sign(&second, at: now + 1)
    precondition(verifier.verify(second, at: now) == .invalid(.badSignature), "the second message is the first")
    precondition(verifier.verify(first, at: now) == .verified(octets), "the first message is not verified")
    precondition(verifier.verify(first, at: now) == .invalid(.badSignature), "the first message is the second")
    precondition(verifier.verify(second, at: now) == .verified(octets), "the second message is not verified")
}
