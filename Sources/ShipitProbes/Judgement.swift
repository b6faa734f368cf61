import ShipitCore
import ShipitEngine

/// What of an answer is not as expected, all of it, and the figures that it was judged by.
struct Judgement {
    private(set) var figures: [String: Double] = [:]
    private var misses: [(field: String, reason: String)] = []

    /// A figure that a condition may be put on, whether or not there is one.
    mutating func measured(_ field: String, _ value: Double?) {
        if let value { figures[field] = value }
    }

    /// Holds a figure against a condition. A figure that is missing meets none.
    /// - Parameters:
    ///   - what: the subject and verb, such as `/ has`.
    ///   - words: the figure with its unit.
    ///   - after: what follows the figure, such as ` free`.
    mutating func expect(
        _ field: String, _ limit: Limit?, _ value: Double?, _ what: String, _ words: (Double) -> String,
        after: String = ""
    ) {
        measured(field, value)
        guard let limit else { return }
        guard let value, !value.isNaN else { return miss(field, "no \(field) was given, expected \(limit.written)") }
        if !limit.holds(value) {
            miss(field, "\(what) \(words(value))\(after), expected \(limit.written)")
        }
    }

    mutating func miss(_ field: String, _ reason: String) { misses.append((field, reason)) }

    var isGood: Bool { misses.isEmpty }

    /// Everything that is not as expected; `nil` when all is.
    var trouble: String? { misses.isEmpty ? nil : misses.map(\.reason).joined(separator: "; ") }

    func measurement(seconds: Double? = nil, number: Double? = nil, evidence: String) -> Measurement {
        Measurement(
            trouble.map { .failed($0) } ?? .passed, seconds: seconds, number: number, figures: figures,
            missed: Set(misses.map(\.field)), evidence: evidence)
    }
}
