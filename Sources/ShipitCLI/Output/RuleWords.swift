import ShipitCore

/// A rule of the monitor with where it stands: its value beside its limit, and how long it has been over.
enum RuleWords {
    static func text(_ state: MonitorEvaluator.RuleState, now: Instant) -> String {
        "\(SafeText.line(state.rule.text)) is \(standing(state, now: now))"
    }

    /// `0.2%, within its limit`, or `213ms, over for 48s of 2m`.
    static func standing(_ state: MonitorEvaluator.RuleState, now: Instant) -> String {
        switch state.standing {
        case .noVerdict: return "without a verdict yet"
        case .pass: return "well (\(value(state)))"
        case .over(let since):
            // Failing, not yet as often as the rule asks.
            if case .fails = state.rule.kind { return "failing (\(value(state)))" }
            let hold = hold(state.rule).map { " of \(Words.span($0))" } ?? ""
            return "OVER (\(value(state))) for \(Words.elapsed(now - since))\(hold)"
        case .breached: return (state.warns ? "OVER" : "BREACHED") + " (\(value(state)))"
        }
    }

    private static func value(_ state: MonitorEvaluator.RuleState) -> String {
        Words.observed(state.observed, of: state.rule)
    }

    private static func hold(_ rule: Rule) -> TimeSpan? {
        if case .metric(_, _, let hold) = rule.kind { return hold }
        return nil
    }
}
