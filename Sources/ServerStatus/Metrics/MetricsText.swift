/// Metrics as Prometheus reads them: its text format, version 0.0.4.
struct MetricsText {
    /// The media type of the text.
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// Names and values of labels.
    typealias Labels = KeyValuePairs<String, String>

    private(set) var text = ""

    /// Adds a metric with one value.
    mutating func add(_ metric: Metric, _ value: some Numeric) {
        begin(metric)
        addSample(metric.name, [:], value)
    }

    /// Adds a metric with a value for each set of labels.
    mutating func add<Value: Numeric>(_ metric: Metric, _ samples: [(Labels, Value)]) {
        begin(metric)
        for (labels, value) in samples { addSample(metric.name, labels, value) }
    }

    /// Adds a histogram for each set of labels. `buckets` are how many observations lie in each bucket, the last beyond all of `bounds`.
    mutating func add(_ metric: Metric, bounds: [String], _ histograms: [(Labels, buckets: [UInt64], sum: Double)]) {
        begin(metric)
        for (labels, buckets, sum) in histograms {
            var count: UInt64 = 0
            for (index, observations) in buckets.enumerated() {
                count += observations
                addSample(metric.name + "_bucket", labels, count, bound: index < bounds.count ? bounds[index] : "+Inf")
            }
            addSample(metric.name + "_sum", labels, sum)
            addSample(metric.name + "_count", labels, count)
        }
    }

    private mutating func begin(_ metric: Metric) {
        text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
    }

    private mutating func addSample(_ name: String, _ labels: Labels, _ value: some Numeric, bound: String? = nil) {
        var words = labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
        if let bound { words.append("le=\"\(bound)\"") }
        text += words.isEmpty ? "\(name) \(value)\n" : "\(name){\(words.joined(separator: ","))} \(value)\n"
    }

    /// A label's value: backslashes, quotation marks and line feeds are escaped.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
