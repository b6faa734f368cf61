import ShipitCore

/// A rule of the monitor with where it stands: its verdict, its value beside what it is compared with, and how long it has
/// been over.
enum RuleWords {
    static func text(_ state: MonitorEvaluator.RuleState, now: Instant) -> String {
        "\(SafeText.line(state.rule.text)): \(standing(state, now: now))"
    }

    /// `pass (0.2%)`, `OVER for 48s of 2m (213ms)`, `BREACH (213ms)`, `no data` or `error`. How long comes before what a narrow
    /// terminal may cut off.
    static func standing(_ state: MonitorEvaluator.RuleState, now: Instant) -> String {
        switch state.standing {
        case .noVerdict: return none(state)
        case .pass: return "pass (\(value(state)))"
        case .over(let since):
            // Failing, not yet as often as the rule asks.
            if case .fails = state.rule.kind { return "failing (\(value(state)))" }
            let hold = state.rule.hold.map { " of \(Words.span($0))" } ?? ""
            let control = state.control.map { SafeText.line(", and control \($0.control) has moved, too") } ?? ""
            return "OVER for \(Words.elapsed(now - since))\(hold) (\(value(state)))\(control)"
        case .breached: return (state.warns ? "OVER" : "BREACH") + " (\(value(state)))"
        }
    }

    private static func none(_ state: MonitorEvaluator.RuleState) -> String {
        switch state.lack {
        case .noData: "no data"
        case .error: "error"
        case .noBaseline: "no data (there is no baseline)"
        }
    }

    private static func value(_ state: MonitorEvaluator.RuleState) -> String {
        let observed = Words.observed(state.observed, of: state.rule)
        guard let comparison = state.comparison, let value = state.observed else { return observed }
        return observed + ", " + words(comparison, value, state.rule.dimension)
    }

    /// `1.6 × the baseline of 190ms; p 0.003, effect 0.51, 20 samples to 24`.
    private static func words(_ comparison: BaselineComparison, _ value: Double, _ unit: Dimension) -> String {
        let ratio = comparison.ratio(value).map { "\(Words.short($0)) × the" } ?? "a"
        var words = "limit \(Words.value(comparison.limit, unit)), \(ratio) baseline of "
        words += Words.value(comparison.baseline, unit)
        if let test = comparison.test {
            words += "; p \(chance(test.p)), effect \(Words.short(test.effect)), "
            words += "\(Words.count(test.count, "sample")) to \(test.baselineCount)"
        }
        return words + (comparison.mayBeChance ? "; may be chance" : "")
    }

    static func chance(_ p: Double) -> String { p < 0.001 ? "< 0.001" : Words.short(p) }

    // MARK: For programs

    static func json(_ state: MonitorEvaluator.RuleState) -> JSONValue {
        .members([
            "rule": .string(state.rule.text), "source": .string(state.rule.source), "warns": .bool(state.warns),
            "verdict": .text(state.verdict?.rawValue), "over": .bool(isOver(state)),
            "observed": state.observed.map(JSONValue.number) ?? .null,
            "control": .text(state.control?.control),
        ]).adding("baseline", state.comparison.map { json($0, state.observed) })
    }

    private static func isOver(_ state: MonitorEvaluator.RuleState) -> Bool {
        switch state.standing {
        case .over, .breached: true
        case .noVerdict, .pass: false
        }
    }

    private static func json(_ comparison: BaselineComparison, _ observed: Double?) -> JSONValue {
        .members([
            "value": .number(comparison.baseline), "limit": .number(comparison.limit),
            "ratio": observed.flatMap(comparison.ratio).map(JSONValue.number) ?? .null,
            "p": comparison.test.map { .number($0.p) } ?? .null,
            "effect": comparison.test.map { .number($0.effect) } ?? .null,
            "samples": comparison.test.map { .integer(Int64($0.count)) } ?? .null,
            "baselineSamples": comparison.test.map { .integer(Int64($0.baselineCount)) } ?? .null,
            "mayBeChance": .bool(comparison.mayBeChance),
        ])
    }
}
