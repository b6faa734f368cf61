import ShipitCore

/// What a source of the monitor gave over time in one unit, and what its rules made of it: each has a figure in the report.
struct SourcePlot {
    /// The value that a rule judged, over time.
    struct Line {
        /// As rules name it: `p95`.
        var metric: String
        var trace: Trace
    }

    /// A value that rules compare with.
    struct Limit {
        var rules: [String]
        var value: Double
        var warns: Bool
    }

    var source: String
    var dimension: Dimension
    /// Whether the samples themselves have this unit, or only what rules make of them.
    var showsSamples: Bool
    var samples: Trace
    var lines: [Line]
    var limits: [Limit]
    /// What a metric was before the first change.
    var baselines: [(metric: String, value: Double)] = []
    /// When a sample was an error or gave no data.
    var failures: [Instant]
    var span: PlotSpan

    /// What has to be in the picture; finite.
    var highest: Double {
        ([samples.highest] + lines.map(\.trace.highest) + limits.map { $0.value } + baselines.map { $0.value })
            .compactMap(\.self).max() ?? 0
    }

    var lowest: Double {
        min(0, ([samples.lowest] + lines.map(\.trace.lowest) + limits.map { $0.value }).compactMap(\.self).min() ?? 0)
    }
}

/// The stretch of time that all figures of a run share, and what happened in it.
struct PlotSpan {
    struct Band {
        var stage: String
        var from: Instant
        var to: Instant
        var isUndo: Bool
    }

    struct Mark {
        var at: Instant
        var words: String
    }

    var begin: Instant
    var end: Instant
    var bands: [Band]
    var breaches: [Mark]

    /// - Parameter samples: at least one.
    init(_ report: RunReport, _ samples: [RecordedSample]) {
        let first = samples.map(\.sample.at).min() ?? report.view.startedAt
        let last = max(samples.map(\.sample.at).max() ?? first, report.view.state.finishedAt ?? first)
        let end = max(last, first + .seconds(1))
        begin = first
        self.end = end
        bands = report.attempts.compactMap { attempt in
            let finish = attempt.finishedAt ?? report.now
            guard finish >= first, attempt.startedAt <= end else { return nil }
            return Band(
                stage: RunReport.words(attempt.id), from: max(attempt.startedAt, first), to: min(finish, end),
                isUndo: attempt.id.part == .undo)
        }
        breaches = report.judgements.filter { $0.kind == .breach && $0.at >= first && $0.at <= end }.map {
            Mark(at: $0.at, words: $0.rule)
        }
    }

    /// Where an instant lies, 0 to 1.
    func share(_ instant: Instant) -> Double { min(max((instant - begin).seconds / (end - begin).seconds, 0), 1) }
}

/// Values over time in as many columns as a figure can show, each with its lowest and highest: a spike of one sample in a day
/// stays seen.
struct Trace {
    struct Column {
        var place: Int
        var low: Double
        var high: Double
        var last: Double
    }

    static let width = 240

    private(set) var columns: [Column] = []

    var highest: Double? { columns.map(\.high).max() }
    var lowest: Double? { columns.map(\.low).min() }

    /// - Parameter share: 0 to 1; never less than the one before.
    mutating func add(_ value: Double, at share: Double) {
        guard value.isFinite else { return }
        let place = min(Int(share * Double(Self.width)), Self.width - 1)
        if let last = columns.indices.last, columns[last].place == place {
            columns[last].low = min(columns[last].low, value)
            columns[last].high = max(columns[last].high, value)
            columns[last].last = value
        } else {
            columns.append(Column(place: place, low: value, high: value, last: value))
        }
    }
}

extension SourcePlot {
    /// Every source of which something was measured: a figure for what it gives, one more for the share of errors where a
    /// rule asks for it.
    static func plots(of report: RunReport) -> [SourcePlot] {
        guard let monitor = report.view.state.plan.monitor, let began = report.view.state.monitoringStartedAt,
            !report.view.samples.isEmpty
        else { return [] }
        let span = PlotSpan(report, report.view.samples)
        var plots = monitor.sources.flatMap { unfilled(of: $0.name, report.view.state, report.view.samples, span) }
        var evaluator = MonitorEvaluator(monitor, baseline: report.view.state.baseline, began: began)
        for recorded in report.view.samples {
            _ = evaluator.add(recorded.sample, from: recorded.source)
            let share = span.share(recorded.sample.at)
            for place in plots.indices where plots[place].source == recorded.source {
                plots[place].take(recorded.sample, evaluator.rules, at: share)
            }
        }
        return plots.filter { !$0.samples.columns.isEmpty || !$0.lines.isEmpty || !$0.failures.isEmpty }
    }

    private static func unfilled(
        of source: String, _ state: RunState, _ samples: [RecordedSample], _ span: PlotSpan
    ) -> [SourcePlot] {
        let own = samples.filter { $0.source == source }
        let failures = own.filter { if case .good = $0.sample.kind { false } else { true } }.map(\.sample.at)
        let limits = writtenLimits(of: source, state)
        // A source gives numbers, in the unit of their rules, or times.
        let givesNumbers = own.contains { if case .good(_, .some) = $0.sample.kind { true } else { false } }
        let main: Dimension = givesNumbers ? limits.first { $0.metric == .value }?.dimension ?? .count : .time
        // The rest is what rules make of them.
        let rest = Set(limits.map(\.dimension)).subtracting([main]).sorted { $0.rawValue < $1.rawValue }
        return ([main] + rest).map { unit in
            SourcePlot(
                source: source, dimension: unit, showsSamples: unit == main, samples: Trace(), lines: [],
                limits: merged(limits.filter { $0.dimension == unit }.map(\.limit)),
                baselines: baselines(of: source, unit, state), failures: failures, span: span)
        }
    }

    /// Of the metrics that rules compare with it.
    private static func baselines(
        of source: String, _ unit: Dimension, _ state: RunState
    ) -> [(metric: String, value: Double)] {
        guard let monitor = state.plan.monitor, let before = state.baseline?.sources[source] else { return [] }
        let compared = (monitor.rollbackWhen + monitor.warnWhen).filter {
            $0.source == source && $0.isRelative && $0.dimension == unit
        }
        return Set(compared.compactMap(\.metric)).compactMap { metric in
            before.value(of: metric, monitor.minSamples).map { (metric.name, $0) }
        }.sorted { $0.metric < $1.metric }
    }

    private static func writtenLimits(
        of source: String, _ state: RunState
    ) -> [(metric: Rule.Metric, dimension: Dimension, limit: Limit)] {
        guard let monitor = state.plan.monitor else { return [] }
        return [(monitor.rollbackWhen, false), (monitor.warnWhen, true)].flatMap { rules, warns in
            rules.filter { $0.source == source }.compactMap { rule in
                guard let metric = rule.metric, let value = rule.limit(state.baseline, monitor), value.isFinite else {
                    return nil
                }
                return (metric, rule.dimension, Limit(rules: [rule.text], value: value, warns: warns))
            }
        }
    }

    private static func merged(_ limits: [Limit]) -> [Limit] {
        limits.reduce(into: []) { merged, limit in
            if let place = merged.firstIndex(where: { $0.value == limit.value }) {
                merged[place].rules += limit.rules
                merged[place].warns = merged[place].warns && limit.warns
            } else {
                merged.append(limit)
            }
        }
    }

    private mutating func take(_ sample: Sample, _ rules: [MonitorEvaluator.RuleState], at share: Double) {
        if showsSamples, case .good(let seconds, let number) = sample.kind, let value = number ?? seconds {
            samples.add(value, at: share)
        }
        for state in rules where state.rule.source == source {
            guard let metric = state.rule.metric, metric != .value, state.rule.dimension == dimension,
                let observed = state.observed
            else { continue }
            let name = metric.name
            if !lines.contains(where: { $0.metric == name }) { lines.append(Line(metric: name, trace: Trace())) }
            guard let place = lines.firstIndex(where: { $0.metric == name }) else { continue }
            lines[place].trace.add(observed, at: share)
        }
    }
}
