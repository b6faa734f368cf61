import ShipitCore

/// Numbers as people read them, in the units that the pipeline language writes.
enum Words {
    static func seconds(_ value: Double) -> String {
        switch value {
        case ..<0.001: "\(rounded(value * 1000, digits: 2))ms"
        case ..<1: "\(rounded(value * 1000, digits: 0))ms"
        case ..<120: "\(rounded(value, digits: 1))s"
        case ..<7200: "\(rounded(value / 60, digits: 0))m"
        case ..<172_800: "\(rounded(value / 3600, digits: 1))h"
        default: "\(rounded(value / 86_400, digits: 1))d"
        }
    }

    static func span(_ span: TimeSpan) -> String { seconds(span.seconds) }

    static func bytes(_ value: Double) -> String {
        switch value {
        case ..<1000: "\(rounded(value, digits: 0))B"
        case ..<1e6: "\(rounded(value / 1e3, digits: 1))KB"
        case ..<1e9: "\(rounded(value / 1e6, digits: 1))MB"
        case ..<1e12: "\(rounded(value / 1e9, digits: 1))GB"
        default: "\(rounded(value / 1e12, digits: 1))TB"
        }
    }

    static func ratio(_ value: Double) -> String { "\(rounded(value * 100, digits: 1))%" }

    /// At most so many digits after the point, without trailing zeros.
    static func rounded(_ value: Double, digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let factor = (0..<digits).reduce(1.0) { power, _ in power * 10 }
        let result = (value * factor).rounded() / factor
        return result == result.rounded() ? String(Int64(result)) : "\(result)"
    }

    /// The start of a text on one line, for evidence.
    static func excerpt(_ text: String, limit: Int = 200) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ⏎ ")
        return line.count <= limit ? line : line.prefix(limit) + "…"
    }
}
