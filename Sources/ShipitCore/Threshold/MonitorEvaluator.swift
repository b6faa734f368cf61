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
        }

        public var rule: Rule
        public var warns: Bool
        public var standing: Standing
        /// The value of the last evaluation: ratios as 0.21, times in seconds.
        public var observed: Double?
        /// Why there is no verdict, where there is none.
        public var lack = Lack.noData
        /// What the value is compared with, where the rule is relative.
        public var comparison: BaselineComparison?
        /// What has moved as well, where the rule would have breached otherwise.
        public var control: ControlMove?
        /// A person has gone on in spite of its breach, and nothing has been measured since: if it is over its limit still, that
        /// is no other breach.
        var isSettled = false

        init(_ rule: Rule, warns: Bool, since began: Instant) {
            self.rule = rule
            self.warns = warns
            standing = .noVerdict(since: began)
        }

        /// `nil` while it is over its limit, not yet for long enough.
        public var verdict: RuleVerdict? {
            switch standing {
            case .noVerdict: lack == .error ? .error : .noData
            case .pass: .pass
            case .over: nil
            case .breached: .breach
            }
        }

        /// Its letter beside a sample.
        var letter: Character {
            switch standing {
            case .noVerdict: lack == .error ? "e" : "n"
            case .pass: "p"
            case .over: "o"
            case .breached: "b"
            }
        }
    }

    public private(set) var rules: [RuleState]
    private var windows: [String: SampleWindow]
    /// When each source gave its last sample, whatever it said.
    private var heard: [String: Instant] = [:]
    /// When the engine began to watch.
    private let watchedSince: Instant
    private let monitor: Monitor
    var baseline: Baseline

    /// - Parameters:
    ///   - baseline: what was measured before the first change.
    ///   - began: when monitoring began, or the engine took the run up again.
    public init(_ monitor: Monitor, baseline: Baseline? = nil, began: Instant) {
        self.monitor = monitor
        self.baseline = baseline ?? Baseline()
        watchedSince = began
        rules =
            monitor.rollbackWhen.map { RuleState($0, warns: false, since: began) }
            + monitor.warnWhen.map { RuleState($0, warns: true, since: began) }
        windows = Dictionary(
            monitor.sources.map {
                ($0.name, SampleWindow(window: monitor.window, minSamples: monitor.minSamples))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// For a run taken up again: stands where the engines before stood after their last sample. What could not be judged
    /// gets its grace anew, for meanwhile nobody may have watched.
    /// - Parameter now: when it is taken up.
    public init(
        _ monitor: Monitor, baseline: Baseline? = nil, resumed now: Instant, after samples: [RecordedSample]
    ) {
        self.init(monitor, baseline: baseline, began: now)
        for recorded in samples { _ = add(recorded.sample, from: recorded.source) }
        for position in rules.indices {
            if case .noVerdict = rules[position].standing { rules[position].standing = .noVerdict(since: now) }
            // Whoever takes up a run that paused for a control has looked at it: it is judged anew.
            if rules[position].control != nil { rules[position].standing = .over(since: now) }
            rules[position].control = nil
        }
    }

    /// - Parameter settled: rules in spite of whose breach a person has gone on: what was measured before proves nothing of them.
    mutating func settle(_ settled: Set<String>, at now: Instant) {
        for position in rules.indices where settled.contains(rules[position].rule.text) {
            guard case .breached = rules[position].standing else { continue }
            rules[position].standing = .noVerdict(since: now)
            rules[position].isSettled = true
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
        String(rules.filter { $0.rule.source == source }.map(\.letter))
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

    private mutating func evaluate(_ position: Int, _ window: SampleWindow, now: Instant) -> [RunEvent] {
        let before = rules[position].standing
        let rule = rules[position].rule
        let wasSettled = rules[position].isSettled
        let finding = rule.finding(window, baseline.sources[rule.source], monitor, now: now)
        let observed = finding.observed
        rules[position].observed = observed
        rules[position].comparison = finding.comparison
        if finding.judgement != .over { rules[position].control = nil }
        switch finding.judgement {
        case .noVerdict(let lack):
            rules[position].lack = lack
            if case .noVerdict = before { return [] }
            rules[position].standing = .noVerdict(since: now)
            return cleared(before, rule, observed)
        case .pass:
            rules[position].standing = .pass
            rules[position].isSettled = false
            if wasSettled { return [.ruleCleared(rule: rule.text, observed: observed)] }
            return cleared(before, rule, observed)
        case .over where wasSettled:
            rules[position].standing = .breached
            rules[position].isSettled = false
            return [.ruleFired(rule: rule.text, observed: observed)]
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
        guard now - since >= rule.hold ?? .zero else {
            rules[position].standing = .over(since: since)
            return events
        }
        if !rules[position].warns, let move = movedControl(rule, now: now) {
            // It goes on being over: once no control has moved any more, it is a breach.
            rules[position].standing = .over(since: since)
            if rules[position].control == nil { events.append(.controlMoved(move)) }
            rules[position].control = move
            return events
        }
        rules[position].standing = .breached
        rules[position].control = nil
        if !rules[position].warns { events.append(.breached(Breach(rule: rule.text, observed: observed))) }
        return events
    }

    /// The first control that moved, too: by what a rule like the broken one says of it.
    private func movedControl(_ broken: Rule, now: Instant) -> ControlMove? {
        for name in monitor.control ?? [] where name != broken.source {
            guard let window = windows[name], let before = baseline.sources[name] else { continue }
            for rule in broken.controlRules(name, before, monitor.minSamples) {
                let finding = rule.finding(window, before, monitor, now: now)
                guard finding.judgement == .over else { continue }
                return ControlMove(
                    rule: broken.text, control: name, metric: rule.text, observed: finding.observed,
                    baseline: finding.comparison?.baseline)
            }
        }
        return nil
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
                reason = reason ?? "no verdict on \"\(state.rule.text)\": \(state.whyNone)"
            }
        }
        // Where no verdict is borne, the other rules have the last word.
        if let reason, !isOpen || monitor.inconclusive != .ignore { return .inconclusive(reason) }
        return isOpen ? .open : .pass
    }

    /// Where each rule stands now: what a source that has fallen silent said last holds no longer.
    public func rules(at now: Instant) -> [RuleState] {
        rules.map { state in
            var state = state
            state.standing = standing(state, now: now)
            return state
        }
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

extension MonitorEvaluator.RuleState {
    /// For the words of the pause.
    fileprivate var whyNone: String {
        switch lack {
        case .noData: "too little data from \(rule.source)"
        case .error: "\(rule.source) answers with errors"
        case .noBaseline: "there is no baseline of \(rule.source)"
        }
    }
}
