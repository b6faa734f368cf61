/// The sources of the monitor on the virtual clock: each answers by the script, and otherwise so that no rule minds.
struct ScriptedSources {
    private let monitor: Monitor
    private let spells: [String: [Script.Spell]]
    private var nextBeats: [String: Instant] = [:]
    /// How much of an error sample each source owes.
    private var owed: [String: Double] = [:]
    private let well: [String: Sample.Kind]
    /// Sources that some rule looks at.
    private let judged: Set<String>

    init(_ monitor: Monitor, _ script: Script) {
        self.monitor = monitor
        spells = script.spells
        judged = Set((monitor.rollbackWhen + monitor.warnWhen).map(\.source))
        well = Dictionary(
            monitor.sources.map { ($0.name, Self.answerThatPleases($0, monitor)) },
            uniquingKeysWith: { first, _ in first })
    }

    var nextBeat: Instant? { nextBeats.values.min() }

    mutating func begin(at now: Instant) {
        guard nextBeats.isEmpty else { return }
        for source in monitor.sources { nextBeats[source.name] = now }
    }

    mutating func stop() { nextBeats = [:] }

    /// The samples that are due.
    mutating func beat(_ state: RunState, now: Instant) -> [Happening] {
        var samples: [Happening] = []
        for source in monitor.sources where nextBeats[source.name].map({ $0 <= now }) == true {
            nextBeats[source.name] = now + source.every
            let kind = answer(source.name, state, now: now)
            samples.append(.sampled(source: source.name, Sample(at: now, kind: kind)))
        }
        return samples
    }

    private mutating func answer(_ source: String, _ state: RunState, now: Instant) -> Sample.Kind {
        guard let spell = spells[source]?.last(where: { isOn($0, state, now) }) else { return well[source]! }
        if spell.isSilent { return .noData }
        let debt = owed[source, default: 0] + spell.errorRate
        // The little added keeps ten times 0.1, a hair under 1, from coming a sample late.
        owed[source] = debt + 1e-9 >= 1 ? debt - 1 : debt
        if debt + 1e-9 >= 1 { return .error }
        guard case .good(let seconds, let number) = well[source]! else { return well[source]! }
        return .good(seconds: spell.time?.seconds ?? seconds, number: spell.value ?? number)
    }

    // MARK: Spells

    private func began(_ spell: Script.Spell, _ state: RunState) -> Instant? {
        if spell.isBeforeChange { return state.takesBaseline ? state.baselineStartedAt.map { $0 + spell.from } : nil }
        guard let stage = spell.after else { return state.monitoringStartedAt.map { $0 + spell.from } }
        let members = state.members(stage).map { state.stages[$0].perform }
        guard !members.isEmpty, members.allSatisfy({ $0.phase == .succeeded }) else { return nil }
        return members.compactMap(\.finishedAt).max().map { $0 + spell.from }
    }

    private func isOn(_ spell: Script.Spell, _ state: RunState, _ now: Instant) -> Bool {
        guard let began = began(spell, state), began <= now else { return false }
        return spell.duration.map { now < began + $0 } ?? true
    }

    // MARK: Steady stretches

    /// Whether every source that is judged answers well.
    func areWell(_ state: RunState, now: Instant) -> Bool {
        !spells.contains { source, spells in judged.contains(source) && spells.contains { isOn($0, state, now) } }
    }

    /// When a spell begins or ends next.
    func nextChange(_ state: RunState, after now: Instant) -> Instant? {
        spells.values.flatMap { $0 }.flatMap { spell -> [Instant] in
            guard let began = began(spell, state) else { return [] }
            return [began] + (spell.duration.map { [began + $0] } ?? [])
        }.filter { $0 > now }.min()
    }

    /// Leaves samples out until shortly before then.
    /// - Returns: whether there are any to be left out.
    mutating func passOver(until instant: Instant) -> Bool {
        let beats = monitor.sources.map(\.every).max() ?? .zero
        let again = instant - beats - beats
        guard let next = nextBeat, next < again else { return false }
        for (source, beat) in nextBeats { nextBeats[source] = max(beat, again) }
        return true
    }

    // MARK: Answers

    /// A latency and a number that break none of the source's rules, where there are such. Rules that compare with the
    /// baseline are not broken by what is as it was.
    private static func answerThatPleases(_ source: MonitorSource, _ monitor: Monitor) -> Sample.Kind {
        let rules = (monitor.rollbackWhen + monitor.warnWhen).filter { $0.source == source.name }
        var times: [Condition] = []
        var numbers: [Condition] = []
        for case .metric(let metric, let condition, _) in rules.map(\.kind) {
            /// What it takes of each sample for the sum of a window to come to the limit.
            func each(of seconds: Double) -> Condition {
                let share = condition.limit.value * source.every.seconds / seconds
                return Condition(condition.comparison, Quantity(share, .count))
            }
            switch metric {
            case .quantile, .mean: times.append(condition)
            case .value: numbers.append(condition)
            case .count: numbers.append(each(of: monitor.window.seconds))
            case .rate: numbers.append(each(of: 1))
            case .errorRate: break
            }
        }
        return .good(seconds: pleasing(times, first: 0.001), number: pleasing(numbers, first: 0))
    }

    private static func pleasing(_ conditions: [Condition], first: Double) -> Double {
        let limits = conditions.map(\.limit.value)
        let candidates = [first] + limits.flatMap { [$0 / 2, $0, $0 * 2, $0 + 1, $0 - 1] }
        // Not at a limit: the mean of many is a hair off each of them.
        return candidates.first { candidate in
            [candidate, candidate * 0.999, candidate * 1.001].allSatisfy { value in
                !conditions.contains { $0.holds(value) }
            }
        } ?? first
    }
}
