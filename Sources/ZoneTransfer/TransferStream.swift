import DNSAuthority
import DNSSecurity

/// The messages of one transfer, made as they are taken, each signed if the query was (RFC 8945 §5.3.1).
///
/// Holds one version of its zone until it is let go of, whatever is published meanwhile.
final class TransferStream: MessageSource {
    private var records: TransferRecords
    /// Records that are not packed yet begin at `position`.
    private var piece: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    private var packer = RecordPacker()
    /// What the next message begins with, and the OPT record of the first one.
    private var beginning: [UInt8]
    private var opt: [UInt8]
    private var origin: [UInt8]?
    private var signer: Signer?
    private let time: () -> UInt64
    /// Counts as one of the transfers under way as long as this object lives.
    private let permit: TransferLimit.Permit?

    /// `time`: seconds since 1970.
    init(_ records: TransferRecords, to query: LongQuery, signer: Signer?, permit: TransferLimit.Permit?, time: @escaping () -> UInt64) {
        (self.records, self.signer, self.permit, self.time) = (records, signer, permit, time)
        beginning = query.responseBeginning
        opt = query.responseOPT
        // Names that point to the question are in the case that the client has chosen.
        let name = query.zone?.served.origin.octets
        origin = name.flatMap { beginning.dropFirst(12).starts(with: $0) ? $0 : nil }
        refill()
    }

    /// Whether there are no more messages.
    var isDone: Bool { isAtEnd }

    func next() -> [UInt8]? {
        guard !isAtEnd else { return nil }
        packer.begin(with: beginning, origin: origin, reserving: opt.count + (signer?.length ?? 0))
        while !isAtEnd {
            let length = packNext()
            if length == 0 { break }
            position += length
            refill()
        }
        var message = packer.octets
        if !opt.isEmpty {
            message += opt
            message[11] = 1
        }
        signer?.sign(&message, at: time())
        // The messages behind the first have no question (RFC 5936 §2.2).
        beginning = Array(beginning.prefix(12))
        beginning.replaceSubrange(4..<6, with: [0, 0])
        (opt, origin) = ([], nil)
        return message
    }

    /// Packs the next record; how many octets of the piece it has, 0 if the message is full.
    private func packNext() -> Int {
        piece.withUnsafeBytes { octets in
            let rest = UnsafeRawBufferPointer(rebasing: octets[position...])
            // Octets that are no record cannot be: they were records when they were written down.
            guard let record = RawRecord(atStartOf: rest) else { return rest.count }
            // A record for which no message is large enough is left out, as it is of answers.
            return packer.add(record) || packer.isEmpty ? record.octets.count : 0
        }
    }

    /// Has the next piece at hand when all of the last one is packed.
    private func refill() {
        while position >= piece.count {
            position = 0
            guard records.next(&piece) else { return isAtEnd = true }
        }
    }
}
