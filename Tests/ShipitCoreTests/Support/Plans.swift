import ShipitCore

extension Release {
    static let sample = Release(
        tag: "v1.2.0", version: "1.2.0", commit: String(repeating: "a", count: 40),
        tagObject: String(repeating: "b", count: 40))
    static let older = Release(
        tag: "v1.1.0", version: "1.1.0", commit: String(repeating: "c", count: 40),
        tagObject: String(repeating: "d", count: 40))
}

extension Plan {
    /// A plan of the stages as given, each of which must come after what it needs.
    static func of(_ stages: PlannedStage..., monitor: Monitor? = nil) -> Plan { of(stages, monitor: monitor) }

    static func of(_ stages: [PlannedStage], monitor: Monitor? = nil) -> Plan {
        Plan(pipeline: "deploy", environment: "production", release: .sample, stages: stages, monitor: monitor)
    }
}

/// A stage that changes things and can be undone by a script, unless said otherwise.
func stage(
    _ name: StageName, needs: [StageName] = [], undo: PlannedStage.Undo = .call(.script("undo")), finally: Bool = false,
    retry: RetryPolicy = RetryPolicy(), deadline: TimeSpan? = nil, onExhausted: OnExhausted = .rollback,
    onInterrupt: OnInterrupt = .ask, reversible: Reversible = .yes, changes: Bool = true, skipped: Bool = false,
    group: String? = nil, groupLimit: Int? = nil, action: String = "run"
) -> PlannedStage {
    PlannedStage(
        name: name, needs: needs, perform: ActionCall(action: action), undo: undo,
        finally: finally ? .script("finally") : nil, retry: retry, deadline: deadline, onExhausted: onExhausted,
        onInterrupt: onInterrupt, reversible: reversible, changes: changes, skipped: skipped, group: group,
        groupLimit: groupLimit)
}

/// A stage that only looks.
func check(_ name: StageName, needs: [StageName] = [], finally: Bool = false) -> PlannedStage {
    stage(name, needs: needs, undo: .nothing, finally: finally, onInterrupt: .rerun, changes: false, action: "checks")
}

extension Monitor {
    /// Samples `api` every 5 s.
    static func watching(
        from: StageName? = nil, for duration: TimeSpan = .seconds(60), minSamples: Int = 4,
        inconclusive: Inconclusive = .pause, _ rules: Rule..., warn: [Rule] = []
    ) -> Monitor {
        let probe = ProbeRequest(probe: "http", subject: .text(Template(literal: "http://127.0.0.1/")))
        return Monitor(
            from: from, duration: duration,
            sources: ["api", "db"].map { MonitorSource(name: $0, probe: probe, every: .seconds(5)) },
            window: .seconds(60), minSamples: minSamples, inconclusive: inconclusive, rollbackWhen: rules,
            warnWhen: warn)
    }
}

extension Rule {
    static func errorRate(over share: Double, for hold: TimeSpan? = nil, source: String = "api") -> Rule {
        Rule(
            text: "\(source).error-rate > \(share)", source: source,
            kind: .metric(.errorRate, Condition(.more, Quantity(share, .ratio)), hold: hold))
    }

    static func p95(over seconds: Double, for hold: TimeSpan? = nil) -> Rule {
        Rule(
            text: "api.p95 > \(seconds)", source: "api",
            kind: .metric(.quantile(0.95), Condition(.more, Quantity(seconds, .time)), hold: hold))
    }

    static func value(over limit: Double, for hold: TimeSpan? = nil) -> Rule {
        Rule(
            text: "api.value > \(limit)", source: "api",
            kind: .metric(.value, Condition(.more, Quantity(limit, .count)), hold: hold))
    }

    static func count(_ condition: String) -> Rule {
        Rule(
            text: "api.count \(condition)", source: "api",
            kind: .metric(.count, try! QuantityParser.condition(condition, in: .count), hold: nil))
    }

    /// As written.
    static func written(_ text: String) -> Rule { try! RuleParser.rule(text) }

    static func fails(_ times: Int, source: String = "api") -> Rule {
        Rule(text: "\(source) fails \(times) times", source: source, kind: .fails(times: times))
    }
}
