/// Which zoodns this is.
enum Version {
    /// The release that this is, or leads to: the only place that says so.
    static let text = "0.2.0"
}
