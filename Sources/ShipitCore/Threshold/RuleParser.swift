/// Reads the rules of the monitor: `api.error-rate > 5% for 5m`, `db fails 3 times`.
public enum RuleParser {
    public static func rule(_ text: String) throws(RuleError) -> Rule {
        let written = Substring(text).trimmed
        if let sign = written.firstIndex(where: { "<>=!".contains($0) }) {
            return try threshold(String(written), subject: written[..<sign].trimmed, condition: written[sign...])
        }
        return try failures(String(written))
    }

    /// `SOURCE.METRIC OP VALUE [for DURATION]`.
    private static func threshold(
        _ text: String, subject: Substring, condition: Substring
    ) throws(RuleError) -> Rule {
        guard let (source, name) = split(subject) else { throw .malformed(text) }
        guard let metric = Rule.Metric(name) else { throw .unknownMetric(String(name)) }
        var value = condition.trimmed
        var hold: TimeSpan?
        let words = value.split(whereSeparator: \.isWhitespace)
        if words.count >= 2, words[words.count - 2] == "for" {
            let written = value[words[words.count - 2].startIndex...]
            hold = try reading(words[words.count - 1], of: written, with: QuantityParser.duration)
            value = value[..<words[words.count - 2].startIndex].trimmed
        } else if words.last == "for" {
            throw .malformed(text)
        }
        if value.firstRange(of: "baseline") != nil {
            let limit = try relative(value, metric, of: text)
            return Rule(text: text, source: String(source), kind: .relative(metric, limit, hold: hold))
        }
        let limit: Condition =
            try reading(value) { (value: String) throws(QuantityError) in
                try QuantityParser.condition(value, in: metric.dimension)
            }
        return Rule(text: text, source: String(source), kind: .metric(metric, limit, hold: hold))
    }

    /// `OP baseline`, alone or with `* FACTOR`, `+ VALUE` or `- VALUE`. A share is one of the baseline, unless the metric is a
    /// share itself: then it is added to it.
    private static func relative(
        _ condition: Substring, _ metric: Rule.Metric, of text: String
    ) throws(RuleError) -> RelativeLimit {
        let sign = condition.prefix { "<>=!~".contains($0) }
        var rest = condition[sign.endIndex...].trimmed
        guard let comparison = Comparison(rawValue: String(sign)), comparison != .equal, rest.hasPrefix("baseline"),
            metric != .count, metric != .rate
        else { throw .badRelative(String(condition)) }
        rest = rest.dropFirst("baseline".count).trimmed
        guard let operation = rest.first else { return RelativeLimit(comparison, .times(1)) }
        let operand = rest.dropFirst().trimmed
        switch operation {
        case "*":
            let factor = try reading(operand, with: QuantityParser.number)
            guard factor > 0 else { throw .badRelative(String(condition)) }
            return RelativeLimit(comparison, .times(factor))
        case "+", "-":
            let direction = operation == "+" ? 1.0 : -1.0
            if let share = try? QuantityParser.ratio(String(operand)), metric.dimension != .ratio {
                guard direction > 0 || share < 1 else { throw .badRelative(String(condition)) }
                return RelativeLimit(comparison, .times(1 + direction * share))
            }
            let added =
                try reading(operand) { (value: String) throws(QuantityError) in
                    guard let dimension = metric.dimension else { return try QuantityParser.quantity(value) }
                    return try QuantityParser.quantity(value, in: dimension)
                }
            return RelativeLimit(comparison, .plus(direction * added.value))
        default: throw .badRelative(String(condition))
        }
    }

    /// `SOURCE fails N times`.
    private static func failures(_ text: String) throws(RuleError) -> Rule {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 4, words[1] == "fails", words[3] == "times" || words[3] == "time" else {
            throw .malformed(text)
        }
        guard let times = Int(words[2]), (1...1_000_000).contains(times) else { throw .badCount(String(words[2])) }
        return Rule(text: text, source: String(words[0]), kind: .fails(times: times))
    }

    /// Source and metric. Both may hold dots (`eu.api.p99.9`), so the longest known metric at the end wins.
    private static func split(_ subject: Substring) -> (source: Substring, metric: Substring)? {
        guard !subject.contains(where: \.isWhitespace), let last = subject.lastIndex(of: ".") else { return nil }
        var cut = last
        if let earlier = subject[..<last].lastIndex(of: "."),
            Rule.Metric(subject[subject.index(after: earlier)...]) != nil
        {
            cut = earlier
        }
        guard cut > subject.startIndex, subject.index(after: cut) < subject.endIndex else { return nil }
        return (subject[..<cut], subject[subject.index(after: cut)...])
    }

    /// `part` is what is pointed at when `text` is wrong.
    private static func reading<Value>(
        _ text: Substring, of part: Substring? = nil, with parse: (String) throws(QuantityError) -> Value
    ) throws(RuleError) -> Value {
        do throws(QuantityError) {
            return try parse(String(text))
        } catch {
            throw .quantity(error, in: String(part ?? text))
        }
    }
}

extension Rule.Metric {
    /// The names a rule may use, for hints.
    public static let examples = ["error-rate", "p50", "p95", "p99", "mean", "value", "count", "rate"]

    /// Reads `error-rate`, `mean`, `value`, `count`, `rate` and `p1` to `p99.99`.
    public init?(_ name: some StringProtocol) {
        switch name {
        case "error-rate": self = .errorRate
        case "mean": self = .mean
        case "value": self = .value
        case "count": self = .count
        case "rate": self = .rate
        default:
            guard name.first == "p", name.count > 1,
                name.dropFirst().allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
                name.dropFirst().first?.isNumber == true, name.last?.isNumber == true,
                let percent = Double(String(name.dropFirst())), percent > 0, percent < 100
            else { return nil }
            self = .quantile(percent / 100)
        }
    }

    /// What its limit is measured in; `nil` when that is the source's own affair.
    public var dimension: Dimension? {
        switch self {
        case .errorRate: .ratio
        case .quantile, .mean: .time
        case .value: nil
        case .count, .rate: .count
        }
    }

    /// As a rule writes it.
    public var name: String {
        switch self {
        case .errorRate: "error-rate"
        case .quantile(let share): "p" + Self.percent(share)
        case .mean: "mean"
        case .value: "value"
        case .count: "count"
        case .rate: "rate"
        }
    }

    private static func percent(_ share: Double) -> String {
        // Of 0.999 that is 99.9, and not what is left of 0.999 × 100.
        let hundredths = (share * 10_000).rounded()
        let whole = Int(hundredths) / 100
        let rest = Int(hundredths) % 100
        if rest == 0 { return "\(whole)" }
        return "\(whole)." + (rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)")
    }
}

/// Why a text is no rule.
public enum RuleError: Error, Hashable, Sendable {
    case malformed(String)
    case unknownMetric(String)
    /// `OP baseline …`, and what follows is none of the forms.
    case badRelative(String)
    /// N of `fails N times`.
    case badCount(String)
    case quantity(QuantityError, in: String)
}
