/// Judges the monitor's rules over the samples: pass, over, breach, or no verdict. No data is never good news.
public struct MonitorEvaluator: Sendable {
    /// Where one rule stands.
    public struct RuleState: Hashable, Sendable {
        public enum Standing: Hashable, Sendable {
            case noVerdict(since: Instant)
            case pass
            /// Over its limit in every evaluation since then, not yet for as long as `for` asks.
            case over(since: Instant)
            case breached
        }

        public var rule: Rule
        public var warns: Bool
        public var standing: Standing
        /// The value of the last evaluation: ratios as 0.21, times in seconds.
        public var observed: Double?
    }

    public private(set) var rules: [RuleState]
    private var windows: [String: SampleWindow]
    private let monitor: Monitor

    /// - Parameter began: when monitoring began, or the engine took the run up again.
    public init(_ monitor: Monitor, began: Instant) {
        self.monitor = monitor
        rules =
            monitor.rollbackWhen.map { RuleState(rule: $0, warns: false, standing: .noVerdict(since: began)) }
            + monitor.warnWhen.map { RuleState(rule: $0, warns: true, standing: .noVerdict(since: began)) }
        windows = Dictionary(
            monitor.sources.map {
                ($0.name, SampleWindow(window: monitor.window, minSamples: monitor.minSamples))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Takes a sample in and evaluates the rules of its source: one evaluation a beat.
    /// - Returns: the events of rules whose standing changed.
    public mutating func add(_ sample: Sample, from source: String) -> [RunEvent] {
        guard windows[source] != nil else { return [] }
        windows[source]!.add(sample)
        var events: [RunEvent] = []
        for position in rules.indices where rules[position].rule.source == source {
            events += evaluate(position, windows[source]!, now: sample.at)
        }
        return events
    }

    private mutating func evaluate(_ position: Int, _ window: SampleWindow, now: Instant) -> [RunEvent] {
        let before = rules[position].standing
        let rule = rules[position].rule
        let (over, observed) = Self.judge(rule, window, now: now)
        rules[position].observed = observed
        guard let over else {
            if case .noVerdict = before { return [] }
            rules[position].standing = .noVerdict(since: now)
            return cleared(before, rule, observed)
        }
        guard over else {
            rules[position].standing = .pass
            return cleared(before, rule, observed)
        }
        var since = now
        switch before {
        case .over(let start): since = start
        case .breached: return []
        case .pass, .noVerdict: break
        }
        var events: [RunEvent] = []
        if since == now { events.append(.ruleFired(rule: rule.text, observed: observed)) }
        if now - since >= Self.hold(rule) {
            rules[position].standing = .breached
            if !rules[position].warns { events.append(.breached(Breach(rule: rule.text, observed: observed))) }
        } else {
            rules[position].standing = .over(since: since)
        }
        return events
    }

    private func cleared(_ before: RuleState.Standing, _ rule: Rule, _ observed: Double?) -> [RunEvent] {
        switch before {
        case .over, .breached: [.ruleCleared(rule: rule.text, observed: observed)]
        case .pass, .noVerdict: []
        }
    }

    private static func hold(_ rule: Rule) -> TimeSpan {
        if case .metric(_, _, let hold?) = rule.kind { return hold }
        return .zero
    }

    /// Whether the rule's condition holds now; `nil` when there is no verdict.
    private static func judge(_ rule: Rule, _ window: SampleWindow, now: Instant) -> (over: Bool?, observed: Double?) {
        switch rule.kind {
        case .fails(let times):
            guard !window.samples.isEmpty else { return (nil, nil) }
            return (window.failuresInARow >= times, Double(window.failuresInARow))
        case .metric(let metric, let condition, _):
            guard let value = measure(metric, window, now: now), !value.isNaN else { return (nil, nil) }
            return (condition.holds(value), value)
        }
    }

    private static func measure(_ metric: Rule.Metric, _ window: SampleWindow, now: Instant) -> Double? {
        switch metric {
        case .errorRate:
            let values = window.values(now: now) { sample in
                switch sample.kind {
                case .good: 0
                case .error: 1
                case .noData: nil
                }
            }
            return values.map { $0.reduce(0, +) / Double($0.count) }
        case .quantile(let share):
            return window.values(now: now, seconds).map { quantile(share, ofSorted: $0.sorted()) }
        case .mean:
            return window.values(now: now, seconds).map { $0.reduce(0, +) / Double($0.count) }
        case .value:
            guard case .good(_, let number)? = window.samples.last?.kind else { return nil }
            return number
        }
    }

    private static func seconds(_ sample: Sample) -> Double? {
        if case .good(let seconds, _) = sample.kind { return seconds }
        return nil
    }

    /// What the rules that bring the old release back say together.
    public func verdict(now: Instant) -> MonitorVerdict {
        let guards = rules.filter { !$0.warns }
        if guards.isEmpty { return .none }
        if guards.allSatisfy({ $0.standing == .pass }) { return .pass }
        for state in guards {
            if case .noVerdict(let since) = state.standing, now - since >= monitor.grace {
                return .inconclusive("no verdict on \"\(state.rule.text)\": too little data from \(state.rule.source)")
            }
        }
        return .open
    }

    /// When `verdict` may change without another sample.
    public func nextChange(after now: Instant) -> Instant? {
        rules.filter { !$0.warns }.compactMap { state in
            if case .noVerdict(let since) = state.standing { return since + monitor.grace }
            return nil
        }.filter { $0 > now }.min()
    }
}
