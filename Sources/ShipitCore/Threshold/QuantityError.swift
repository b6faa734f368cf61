/// Why a text is no quantity of the kind that is needed.
public enum QuantityError: Error, Hashable, Sendable {
    case empty
    /// The text is no number with a unit at all.
    case malformed(String)
    /// The text is a bare number.
    case missingUnit(String, Dimension)
    /// The unit, and what was to be measured.
    case unknownUnit(String, Dimension)
    case wrongDimension(String, Dimension, expected: Dimension)
    case negative(String)
    case finerThanMilliseconds(String)
    case tooLarge(String)
    /// A condition that begins with its value.
    case missingComparison(String)
    case unknownComparison(String)

    /// A stable word for diagnostics.
    public var code: String {
        switch self {
        case .missingUnit: "missing-unit"
        case .unknownUnit: "unknown-unit"
        case .wrongDimension: "wrong-unit"
        case .missingComparison, .unknownComparison: "bad-condition"
        case .empty, .malformed, .negative, .finerThanMilliseconds, .tooLarge: "bad-quantity"
        }
    }

    public var message: String {
        switch self {
        case .empty: "a value is missing"
        case .malformed(let text): "\"\(text)\" is not a number with a unit"
        case .missingUnit(let text, let dimension): "\"\(text)\" needs a unit: it is \(dimension.phrase)"
        case .unknownUnit(let unit, let dimension): "\"\(unit)\" is not a unit of \(dimension.noun)"
        case .wrongDimension(let text, let found, let expected):
            "\"\(text)\" is \(found.phrase) where \(expected.phrase) is needed"
        case .negative(let text): "\"\(text)\" is negative"
        case .finerThanMilliseconds(let text): "\"\(text)\" is finer than a millisecond"
        case .tooLarge(let text): "\"\(text)\" is too large"
        case .missingComparison(let text): "\"\(text)\" says no comparison"
        case .unknownComparison(let sign): "\"\(sign)\" is not a comparison"
        }
    }

    public var hint: String? {
        switch self {
        case .empty, .finerThanMilliseconds, .tooLarge: nil
        case .negative: "write it without the sign"
        case .malformed: "write a number and its unit without a space, such as 500ms, 1h30m, 50MB or 5%"
        case .missingUnit(let text, let dimension): dimension.advice(for: text)
        case .unknownUnit(let unit, let dimension): dimension.advice(forUnit: unit)
        case .wrongDimension(_, _, let expected):
            expected == .count ? "write a plain number" : "units: \(expected.units)"
        case .missingComparison(let text): "write a comparison before the value, such as < \(text)"
        case .unknownComparison(let sign): sign == "=" ? "write ==" : "comparisons: < <= > >= =="
        }
    }
}

extension Dimension {
    /// A unit that is written otherwise elsewhere, or all units.
    fileprivate func advice(forUnit unit: String) -> String {
        guard self != .count else { return "write a plain number" }
        let others = [
            "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m",
            "minutes": "m",
            "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "day": "d", "days": "d", "k": "KB", "kb": "KB", "m": "MB",
            "mb": "MB", "g": "GB", "gb": "GB", "t": "TB", "tb": "TB", "kib": "KiB", "mib": "MiB", "gib": "GiB",
            "tib": "TiB", "ki": "KiB", "mi": "MiB", "gi": "GiB", "b": "B",
        ]
        let known = units.split(separator: ", ")
        if let meant = others[unit.lowercased()], known.contains(Substring(meant)) {
            return "did you mean \"\(meant)\"?"
        }
        return "units: \(units)"
    }

    fileprivate var noun: String {
        switch self {
        case .time: "time"
        case .size: "size"
        case .ratio: "a ratio"
        case .count: "a plain number"
        }
    }

    fileprivate var phrase: String {
        switch self {
        case .time: "a length of time"
        case .size: "a size"
        case .ratio: "a ratio"
        case .count: "a plain number"
        }
    }

    fileprivate var units: String {
        switch self {
        case .time: "ms, s, m, h, d"
        case .size: "B, KB, MB, GB, TB, KiB, MiB, GiB, TiB"
        case .ratio: "%"
        case .count: ""
        }
    }

    /// Who writes a share as a number below 1 means so many hundredths.
    private func percentage(_ number: String) -> String {
        guard let value = Double(number), value > 0, value < 1 else { return number }
        let hundredths = (value * 10_000).rounded() / 100
        return hundredths == hundredths.rounded() ? String(Int(hundredths)) : String(hundredths)
    }

    fileprivate func advice(for number: String) -> String? {
        switch self {
        case .time: "write \(number)s for seconds, \(number)m for minutes or \(number)ms for milliseconds"
        case .size: "write \(number)MB or \(number)GB"
        case .ratio: "write \(percentage(number))%"
        case .count: nil
        }
    }
}
