/// Whether anything is wrong, in a sentence, and what that means for clients.
package struct Verdict: Codable, Equatable, Sendable {
    /// How bad it is.
    package let state: State
    /// What is so.
    package let text: String
    /// What that means; may be empty.
    package let advice: String

    /// How bad something is.
    package enum State: String, Codable, Sendable {
        case good, warn, bad, waiting
    }

    /// Judges the zones by their states, the worst first, then the session.
    init(_ zones: [StatusReport.Zone], isConnected: Bool, isEnding: Bool) {
        func having(_ state: String) -> String? {
            let origins = zones.filter { $0.state == state }.map(\.origin)
            return origins.isEmpty ? nil : origins.joined(separator: ", ")
        }
        let (judged, meaning): ((State, String), String) =
            if let origins = having("expired") {
                ((.bad, "\(origins): answers have expired"), "Clients get SERVFAIL until ZooKeeper answers again.")
            } else if let origins = having("not ready") {
                ((.waiting, "\(origins): not read yet"), "Clients get SERVFAIL until the registry has been read.")
            } else if let origins = having("stale") {
                ((.warn, "\(origins): answers are stale"), "Clients get the last answers that were right.")
            } else if !isConnected {
                ((.warn, "Answers are current; ZooKeeper is out of reach"), "They become stale after the session timeout.")
            } else if isEnding {
                ((.warn, "The server is about to end"), "It answers until then.")
            } else {
                ((.good, "All answers are current"), "")
            }
        let held = zones.reduce(0) { $0 + $1.held }
        let vanished =
            held == 1
            ? "1 provider is held although its znode has vanished." : "\(held) providers are held although their znodes have vanished."
        (state, text) = judged
        advice = [meaning, held > 0 ? vanished : ""].filter { !$0.isEmpty }.joined(separator: " ")
    }
}
