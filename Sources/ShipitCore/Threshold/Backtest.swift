/// What rules would have decided over the samples of a run. Each is judged by itself, to the end of the samples: one that
/// breaches silences no other.
public struct Backtest: Hashable, Sendable {
    public struct Finding: Hashable, Sendable {
        public enum Verdict: Hashable, Sendable {
            /// The first breach; where the rule only warns, its first warning.
            case breach(at: Instant, observed: Double?)
            /// Over its limit when the samples end, not yet for as long as the rule asks.
            case over(since: Instant)
            case pass
            /// None when the samples end.
            case noVerdict
        }

        public var rule: Rule
        public var warns: Bool
        public var verdict: Verdict
        /// The value that came closest to the limit, or was farthest over it.
        public var worst: Double?
        /// How many times it began to be over its limit.
        public var firings = 0
    }

    /// In the order of the monitor's rules, those that only warn last.
    public private(set) var findings: [Finding]

    /// The first breach of a rule that brings the old release back.
    public var rollback: (finding: Finding, at: Instant)? {
        var first: (finding: Finding, at: Instant)?
        for finding in findings where !finding.warns {
            guard case .breach(let at, _) = finding.verdict, first.map({ at < $0.at }) ?? true else { continue }
            first = (finding, at)
        }
        return first
    }

    /// - Parameters:
    ///   - baseline: the run's own.
    ///   - began: when monitoring began.
    public init(
        _ monitor: Monitor, baseline: Baseline? = nil, over samples: [RecordedSample], began: Instant
    ) {
        var evaluator = MonitorEvaluator(monitor, baseline: baseline, began: began)
        findings = evaluator.rules.map { Finding(rule: $0.rule, warns: $0.warns, verdict: .noVerdict) }
        for recorded in samples {
            let before = evaluator.rules
            _ = evaluator.add(recorded.sample, from: recorded.source)
            for position in findings.indices where findings[position].rule.source == recorded.source {
                findings[position].take(evaluator.rules[position], after: before[position], at: recorded.sample.at)
            }
        }
    }
}

extension Backtest.Finding {
    fileprivate mutating func take(
        _ state: MonitorEvaluator.RuleState, after before: MonitorEvaluator.RuleState, at now: Instant
    ) {
        if let observed = state.observed, observed.isFinite { worst = worst.map { worse($0, observed) } ?? observed }
        if state.isOver, !before.isOver { firings += 1 }
        if case .breach = verdict { return }
        switch state.standing {
        case .noVerdict: verdict = .noVerdict
        case .pass: verdict = .pass
        case .over(let since): verdict = .over(since: since)
        case .breached: verdict = .breach(at: now, observed: state.observed)
        }
    }

    private func worse(_ one: Double, _ other: Double) -> Double {
        rule.breaksBelow ? min(one, other) : max(one, other)
    }
}

extension MonitorEvaluator.RuleState {
    fileprivate var isOver: Bool {
        switch standing {
        case .over, .breached: true
        case .noVerdict, .pass: false
        }
    }
}
