import ShipitCore

/// Times, lengths of time and measured values as a person reads them.
enum Words {
    /// `02:13:07`, in UTC like all of shipit's times.
    static func clock(_ instant: Instant) -> String { String(instant.description.dropFirst(11).prefix(8)) }

    /// `2026-01-12 01:30:05`.
    static func minute(_ instant: Instant) -> String {
        let text = instant.description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
    }

    /// How long something took: `0.3s`, `42s`, `1m05s`, `2h03m`, `3d04h`.
    static func duration(_ span: TimeSpan) -> String {
        guard span.milliseconds < 9950 else { return elapsed(span) }
        let tenths = (max(0, span.milliseconds) + 50) / 100
        return "\(tenths / 10).\(tenths % 10)s"
    }

    /// How long something has been going on, in whole seconds, so that it doesn't flicker.
    static func elapsed(_ span: TimeSpan) -> String {
        let seconds = max(0, span.milliseconds) / 1000
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m\(two(seconds % 60))s"
        case ..<86_400: return "\(seconds / 3600)h\(two(seconds / 60 % 60))m"
        default: return "\(seconds / 86_400)d\(two(seconds / 3600 % 24))h"
        }
    }

    /// A length of time exactly, as the pipeline language writes it: `500ms`, `10m`, `1h30m`, `7d`.
    static func span(_ span: TimeSpan) -> String { span.written }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    // MARK: Values

    /// A value in base units, with the unit a person expects: `21%`, `213ms`, `1.25s`, `50MB`, `3`.
    static func value(_ value: Double, _ dimension: Dimension) -> String {
        switch dimension {
        case .ratio: return short(value * 100) + "%"
        case .time: return abs(value) < 1 ? short(value * 1000) + "ms" : short(value) + "s"
        case .size:
            for (unit, factor) in [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3)] where abs(value) >= factor {
                return short(value / factor) + unit
            }
            return short(value) + "B"
        case .count: return short(value)
        }
    }

    /// What a rule's source gave last, in the unit of its limit.
    static func observed(_ value: Double?, of rule: Rule) -> String {
        guard let value else { return "no data" }
        if case .fails = rule.kind { return short(value) + (value == 1 ? " failure in a row" : " failures in a row") }
        return self.value(value, rule.dimension)
    }

    /// The same where only the rule's text is at hand, as in events.
    static func observed(_ value: Double?, ofRule text: String) -> String {
        if let rule = try? RuleParser.rule(text) { return observed(value, of: rule) }
        // A rule of a newer language: the number without its unit is still true.
        return value.map(short) ?? "no data"
    }

    /// Three digits or so: enough to compare with a limit.
    static func short(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let places =
            switch abs(value) {
            case 100...: 0
            case 10...: 1
            case 1...: 2
            default: 3
            }
        let factor = [1.0, 10, 100, 1000][places]
        let scaled = Int64((value * factor).rounded())
        if value == value.rounded() { return "\(Int64(value))" }
        let sign = scaled < 0 ? "-" : ""
        let whole = scaled.magnitude / UInt64(factor)
        var digits = String(scaled.magnitude % UInt64(factor))
        digits = String(repeating: "0", count: max(0, places - digits.count)) + digits
        while digits.last == "0" { digits.removeLast() }
        return sign + "\(whole)" + (digits.isEmpty || places == 0 ? "" : ".\(digits)")
    }

    static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
        "\(number) \(number == 1 ? one : many ?? one + "s")"
    }

    static func exit(_ status: ExitStatus) -> String {
        switch status {
        case .code(let code): "exit \(code)"
        case .signal(let signal): "signal \(signal)"
        }
    }
}
