import DNSSecurity
import Logging

// In a file of its own: the fuzzer builds the others without swift-log.
extension TransferAnswerer {
    /// Logs what an operator wants to know.
    package convenience init(_ policy: TransferPolicy = TransferPolicy(), logger: Logger) {
        self.init(policy) { report in
            switch report {
            case .signatureRefused(let client, let key, let error):
                logger.notice(
                    "signature refused",
                    metadata: ["client": "\(client.text)", "key": "\(KeyName.text(of: key))", "error": "\(error.text)"])
            case .refused(let client): logger.notice("transfer refused", metadata: ["client": "\(client.text)"])
            case .tooMany(let client, let origin):
                logger.warning("too many transfers at once", metadata: ["client": "\(client.text)", "zone": "\(origin.text)"])
            }
        }
    }
}

extension SignatureError {
    /// Its mnemonic (IANA's list of RCODEs).
    fileprivate var text: String {
        switch self {
        case .badSignature: "BADSIG"
        case .badKey: "BADKEY"
        case .badTime: "BADTIME"
        case .badTruncation: "BADTRUNC"
        }
    }
}
