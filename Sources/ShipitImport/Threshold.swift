import ShipitCore

/// A limit found in words: `< 100ms p95`, `error rate <1%`, `Critical vulnerabilities: **0**`.
struct FoundThreshold: Hashable {
    /// The key of a check that it is a condition for: `p95`, `error-rate`, `time`, else `value`.
    var field: String
    var condition: String

    static func find(in words: String) -> FoundThreshold? {
        let lower = words.lowercased()
        guard !["configured", "trigger", "enabled"].contains(where: { lower.firstRange(of: $0) != nil }) else {
            return nil
        }
        if let number = wanted(words) { return FoundThreshold(field: "value", condition: "== \(number)") }
        guard let condition = condition(in: words), let parsed = try? QuantityParser.condition(condition) else {
            return nil
        }
        return FoundThreshold(field: field(of: lower, parsed.limit.dimension), condition: condition)
    }

    private static func field(of words: String, _ dimension: Dimension) -> String {
        func says(_ word: String) -> Bool { words.firstRange(of: word) != nil }
        switch dimension {
        case .time:
            if let quantile = ["p50", "p95", "p99"].first(where: says) { return quantile }
            return ["latenc", "response", "respond", "time"].contains(where: says) ? "time" : "value"
        case .ratio: return says("error rate") ? "error-rate" : "value"
        default: return "value"
        }
    }

    /// `: **0**`
    private static func wanted(_ words: String) -> String? {
        guard let start = words.firstRange(of: ": **") else { return nil }
        let number = words[start.upperBound...].prefix { $0.isASCII && $0.isNumber }
        return !number.isEmpty && words[number.endIndex...].hasPrefix("**") ? String(number) : nil
    }

    /// The first comparison with a number, as the pipeline language writes it.
    static func condition(in words: String) -> String? {
        var rest = words[...]
        var previous: Character = " "
        while let first = rest.first {
            if let (found, length) = comparison(rest), !previous.isLetter, !"-=<>".contains(previous) {
                if let found { return found }
                rest = rest.dropFirst(length)
            } else {
                rest = rest.dropFirst()
            }
            previous = first
        }
        return nil
    }

    /// `nil` where no comparison begins; its condition is `nil` where it cannot be told in the language.
    private static func comparison(_ text: Substring) -> (condition: String?, length: Int)? {
        let signs = [("<=", "<="), (">=", ">="), ("≤", "<="), ("≥", ">="), ("<", "<"), (">", ">")]
        guard let (sign, comparison) = signs.first(where: { text.hasPrefix($0.0) }) else { return nil }
        var rest = text.dropFirst(sign.count)
        while rest.first == " " { rest = rest.dropFirst() }
        let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == ",") }
        guard number.first?.isNumber == true else { return nil }
        rest = rest[number.endIndex...]
        let isApart = rest.first == " "
        while rest.first == " " { rest = rest.dropFirst() }
        let word = rest.prefix { $0.isLetter || $0 == "%" }
        var digits = number.replacing(",", with: "")
        if digits.hasSuffix(".") { digits.removeLast() }
        // `1000 req/min` and `1TB/month` are rates, which are no quantities here.
        guard rest[word.endIndex...].first != "/" else { return (nil, sign.count) }
        let quantity = unit(String(word)).map { digits + $0 } ?? (word.isEmpty || isApart ? digits : nil)
        return (quantity.map { "\(comparison) \($0)" }, sign.count)
    }

    private static func unit(_ word: String) -> String? {
        switch word.lowercased() {
        case "ms", "milliseconds": "ms"
        case "s", "sec", "secs", "second", "seconds": "s"
        case "m", "min", "mins", "minute", "minutes": "m"
        case "h", "hr", "hrs", "hour", "hours": "h"
        case "d", "day", "days": "d"
        case "%": "%"
        case "b", "kb", "mb", "gb", "tb": word.lowercased() == "b" ? "B" : word.uppercased()
        case "kib", "mib", "gib", "tib": word.prefix(1).uppercased() + "iB"
        default: nil
        }
    }
}
