/// What a rule of the monitor says: only `pass` lets a run go on.
public enum RuleVerdict: String, Hashable, Sendable, CaseIterable {
    case pass, breach
    /// Too little, or nothing, to judge by.
    case noData = "no data"
    /// The source answers with errors where an answer is needed.
    case error
}

/// Why a rule has no verdict.
public enum Lack: Hashable, Sendable {
    case noData
    case error
    /// There is nothing from before the first change to compare with.
    case noBaseline
}

/// What one evaluation of a rule finds.
struct RuleFinding {
    enum Judgement: Equatable {
        case noVerdict(Lack)
        case pass
        /// Failing, not yet as often in a row as the rule asks.
        case failing
        case over
    }

    var judgement: Judgement
    var observed: Double?
    var comparison: BaselineComparison?
}

extension Rule {
    /// What its values are compared with; `nil` where it counts failures, or where there is no baseline for it.
    public func limit(_ baseline: Baseline?, _ monitor: Monitor) -> Double? {
        switch kind {
        case .fails: nil
        case .metric(_, let condition, _): condition.limit.value
        case .relative(let metric, let limit, _):
            baseline?.sources[source]?.value(of: metric, monitor.minSamples).map(limit.limit)
        }
    }

    /// Judges the samples of the rule's source.
    func finding(_ window: SampleWindow, _ baseline: SourceBaseline?, _ monitor: Monitor, now: Instant) -> RuleFinding {
        switch kind {
        case .fails(let times):
            if window.isEmpty { return RuleFinding(judgement: .noVerdict(.noData)) }
            let count = window.failuresInARow
            return RuleFinding(
                judgement: count >= times ? .over : count > 0 ? .failing : .pass, observed: Double(count))
        case .metric(let metric, let condition, _):
            guard let value = window.finite(metric, condition.comparison, now: now) else {
                return RuleFinding(judgement: .noVerdict(window.lack))
            }
            return RuleFinding(judgement: condition.holds(value) ? .over : .pass, observed: value)
        case .relative(let metric, let limit, _):
            guard let value = window.finite(metric, limit.comparison, now: now) else {
                return RuleFinding(judgement: .noVerdict(window.lack))
            }
            guard let baseline, let before = baseline.value(of: metric, monitor.minSamples) else {
                return RuleFinding(judgement: .noVerdict(.noBaseline), observed: value)
            }
            return compared(value, metric, limit, window, baseline, before, monitor, now: now)
        }
    }

    private func compared(
        _ value: Double, _ metric: Metric, _ limit: RelativeLimit, _ window: SampleWindow, _ baseline: SourceBaseline,
        _ before: Double, _ monitor: Monitor, now: Instant
    ) -> RuleFinding {
        let (values, old) = (window.values(of: metric, now: now), baseline.values(of: metric))
        var comparison = BaselineComparison(
            baseline: before, limit: limit.limit(before), test: RankTest(values, against: old))
        let isOver = limit.isBroken(value, baseline: before, floor: (monitor.floor ?? Floor()).of(metric))
        if isOver, let significance = monitor.significance {
            comparison.mayBeChance =
                comparison.test?.isSignificant(at: significance) != true
                && !hasMoreBeyond(comparison.limit, values, old, metric, significance)
        }
        return RuleFinding(
            judgement: isOver && !comparison.mayBeChance ? .over : .pass, observed: value, comparison: comparison)
    }

    /// A longer tail leaves most ranks as they were: of quantiles, how many values lie beyond the limit is compared as well.
    private func hasMoreBeyond(
        _ limit: Double, _ values: [Double], _ old: [Double], _ metric: Metric, _ significance: Double
    ) -> Bool {
        guard case .quantile = metric else { return false }
        func beyond(_ values: [Double]) -> [Double] { values.map { $0 > limit ? 1 : 0 } }
        return RankTest(beyond(values), against: beyond(old).sorted())?.isSignificant(at: significance) == true
    }
}

extension SampleWindow {
    /// NaN and infinity say nothing.
    fileprivate func finite(_ metric: Rule.Metric, _ comparison: Comparison, now: Instant) -> Double? {
        measure(metric, comparison, now: now).flatMap { $0.isFinite ? $0 : nil }
    }
}
