/// Judges the monitor's rules over the samples: pass, over, breach, or no verdict. No data is never good news.
public struct MonitorEvaluator: Sendable {
    /// Where one rule stands.
    public struct RuleState: Hashable, Sendable {
        public enum Standing: Hashable, Sendable {
            case noVerdict(since: Instant)
            case pass
            /// Over its limit in every evaluation since then, not yet for as long as `for` asks; or failing, not yet as
            /// often in a row as the rule asks.
            case over(since: Instant)
            case breached

            /// Its letter beside a sample.
            var letter: Character {
                switch self {
                case .noVerdict: "n"
                case .pass: "p"
                case .over: "o"
                case .breached: "b"
                }
            }
        }

        public var rule: Rule
        public var warns: Bool
        public var standing: Standing
        /// The value of the last evaluation: ratios as 0.21, times in seconds.
        public var observed: Double?
    }

    public private(set) var rules: [RuleState]
    private var windows: [String: SampleWindow]
    /// When each source gave its last sample, whatever it said.
    private var heard: [String: Instant] = [:]
    /// When the engine began to watch.
    private let watchedSince: Instant
    private let monitor: Monitor

    /// - Parameter began: when monitoring began, or the engine took the run up again.
    public init(_ monitor: Monitor, began: Instant) {
        self.monitor = monitor
        watchedSince = began
        rules =
            monitor.rollbackWhen.map { RuleState(rule: $0, warns: false, standing: .noVerdict(since: began)) }
            + monitor.warnWhen.map { RuleState(rule: $0, warns: true, standing: .noVerdict(since: began)) }
        windows = Dictionary(
            monitor.sources.map {
                ($0.name, SampleWindow(window: monitor.window, minSamples: monitor.minSamples))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// For a run taken up again: stands where the engines before stood after their last sample. What could not be judged
    /// gets its grace anew, for meanwhile nobody may have watched.
    /// - Parameter now: when it is taken up.
    public init(_ monitor: Monitor, resumed now: Instant, after samples: [RecordedSample]) {
        self.init(monitor, began: now)
        for recorded in samples { _ = add(recorded.sample, from: recorded.source) }
        for position in rules.indices {
            if case .noVerdict = rules[position].standing { rules[position].standing = .noVerdict(since: now) }
        }
    }

    /// Takes a sample in and evaluates the rules of its source: one evaluation a beat.
    /// - Returns: the events of rules whose standing changed.
    public mutating func add(_ sample: Sample, from source: String) -> [RunEvent] {
        guard windows[source] != nil else { return [] }
        windows[source]!.add(sample)
        if let last = heard[source], let reach = reach(source), sample.at - last > reach {
            beginHoldsAnew(of: source, at: sample.at)
        }
        heard[source] = max(sample.at, heard[source] ?? sample.at)
        var events: [RunEvent] = []
        for position in rules.indices where rules[position].rule.source == source {
            events += evaluate(position, windows[source]!, now: sample.at)
        }
        return events
    }

    /// Nobody knows what a source would have said while it was not heard: `for` counts evaluations, not the time between.
    private mutating func beginHoldsAnew(of source: String, at now: Instant) {
        for position in rules.indices where rules[position].rule.source == source {
            if case .over = rules[position].standing { rules[position].standing = .over(since: now) }
        }
    }

    /// Where the rules of a source stand, a letter each.
    func standings(of source: String) -> String {
        String(rules.filter { $0.rule.source == source }.map(\.standing.letter))
    }

    /// What an engine that takes the run up has to say of rules that are over their limit.
    func presentEvents(now: Instant) -> [RunEvent] {
        rules.flatMap { state -> [RunEvent] in
            let fired = RunEvent.ruleFired(rule: state.rule.text, observed: state.observed)
            switch standing(state, now: now) {
            case .breached:
                return state.warns
                    ? [fired] : [fired, .breached(Breach(rule: state.rule.text, observed: state.observed))]
            case .over: return Self.hasFired(state.rule) ? [fired] : []
            case .pass, .noVerdict: return []
            }
        }
    }

    // MARK: One rule

    private enum Judgement {
        case noVerdict
        case pass
        /// Failing, not yet as often in a row as the rule asks.
        case failing
        case over
    }

    private mutating func evaluate(_ position: Int, _ window: SampleWindow, now: Instant) -> [RunEvent] {
        let before = rules[position].standing
        let rule = rules[position].rule
        let (judgement, observed) = Self.judge(rule, window, now: now)
        rules[position].observed = observed
        switch judgement {
        case .noVerdict:
            if case .noVerdict = before { return [] }
            rules[position].standing = .noVerdict(since: now)
            return cleared(before, rule, observed)
        case .pass:
            rules[position].standing = .pass
            return cleared(before, rule, observed)
        case .failing:
            if case .over = before { return [] }
            rules[position].standing = .over(since: now)
            return cleared(before, rule, observed)
        case .over: return over(position, before, rule, observed, now: now)
        }
    }

    private mutating func over(
        _ position: Int, _ before: RuleState.Standing, _ rule: Rule, _ observed: Double?, now: Instant
    ) -> [RunEvent] {
        var since = now
        var events: [RunEvent] = []
        switch before {
        case .breached: return []
        case .over(let start) where Self.hasFired(rule): since = start
        case .over, .pass, .noVerdict: events.append(.ruleFired(rule: rule.text, observed: observed))
        }
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
        case .breached: [.ruleCleared(rule: rule.text, observed: observed)]
        case .over: Self.hasFired(rule) ? [.ruleCleared(rule: rule.text, observed: observed)] : []
        case .pass, .noVerdict: []
        }
    }

    /// Whether a rule that stands at `over` has been reported: one that counts failures is when it has counted enough.
    private static func hasFired(_ rule: Rule) -> Bool {
        if case .fails = rule.kind { return false }
        return true
    }

    private static func hold(_ rule: Rule) -> TimeSpan {
        if case .metric(_, _, let hold?) = rule.kind { return hold }
        return .zero
    }

    private static func judge(
        _ rule: Rule, _ window: SampleWindow, now: Instant
    ) -> (judgement: Judgement, observed: Double?) {
        switch rule.kind {
        case .fails(let times):
            if window.isEmpty { return (.noVerdict, nil) }
            let count = window.failuresInARow
            return (count >= times ? .over : count > 0 ? .failing : .pass, Double(count))
        case .metric(let metric, let condition, _):
            guard let value = measure(metric, window, now: now), value.isFinite else { return (.noVerdict, nil) }
            return (condition.holds(value) ? .over : .pass, value)
        }
    }

    private static func measure(_ metric: Rule.Metric, _ window: SampleWindow, now: Instant) -> Double? {
        switch metric {
        case .errorRate: window.errors.values(now: now).map { $0.reduce(0, +) / Double($0.count) }
        case .quantile(let share): window.latencies.values(now: now).map { quantile(share, ofSorted: $0.sorted()) }
        case .mean: window.latencies.values(now: now).map { $0.reduce(0, +) / Double($0.count) }
        case .value: window.number
        }
    }

    // MARK: All rules

    /// What the rules that bring the old release back say together.
    public func verdict(now: Instant) -> MonitorVerdict {
        let guards = rules.filter { !$0.warns }
        if guards.isEmpty { return .none }
        var reason: String?
        var isOpen = false
        for state in guards {
            switch standing(state, now: now) {
            case .pass: break
            case .over, .breached: isOpen = true
            case .noVerdict(let since) where now - since < monitor.grace: isOpen = true
            case .noVerdict:
                reason = reason ?? "no verdict on \"\(state.rule.text)\": too little data from \(state.rule.source)"
            }
        }
        // Where no verdict is borne, the other rules have the last word.
        if let reason, !isOpen || monitor.inconclusive != .ignore { return .inconclusive(reason) }
        return isOpen ? .open : .pass
    }

    /// When `verdict` may change without another sample.
    public func nextChange(after now: Instant) -> Instant? {
        rules.filter { !$0.warns }.compactMap { state in
            if case .noVerdict(let since) = standing(state, now: now) { return since + monitor.grace }
            return silence(state.rule.source).map { $0 + monitor.grace }
        }.filter { $0 > now }.min()
    }

    /// A source that has fallen silent gives no verdict, whatever it said last.
    private func standing(_ state: RuleState, now: Instant) -> RuleState.Standing {
        switch state.standing {
        case .noVerdict, .breached: return state.standing
        case .pass, .over:
            guard let silence = silence(state.rule.source), silence <= now else { return state.standing }
            return .noVerdict(since: silence)
        }
    }

    /// From when on a source counts as silent if it says nothing more.
    private func silence(_ name: String) -> Instant? {
        guard let heard = heard[name], let reach = reach(name) else { return nil }
        return max(heard + reach, watchedSince)
    }

    /// How long what a source said last holds.
    private func reach(_ name: String) -> TimeSpan? {
        monitor.sources.first { $0.name == name }.map { max(monitor.window, $0.every + $0.every + $0.timeout) }
    }
}
