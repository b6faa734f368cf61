import ShipitCore

/// Looks up what rules and controls name, and whether what they are compared with can be measured.
struct MonitorResolver {
    let reading: Reading
    let draft: MonitorDraft

    func resolve() {
        for rule in draft.rules {
            lookUp(rule.rule.source, from: rule.place)
            checkCounts(rule)
        }
        for control in draft.control { lookUp(control.name, from: control.place) }
        checkBaseline()
    }

    private func lookUp(_ name: String, from place: Place) {
        guard draft.sources[name] == nil else { return }
        reading.error(
            "unknown-source", "the monitor has no source \"\(name)\"",
            at: reading.source.place(of: name, from: place) ?? place,
            hint: reading.choice(for: name, among: draft.sources.keys.sorted(), "sources"))
    }

    /// Only what counts can be summed up.
    private func checkCounts(_ rule: RuleDraft) {
        guard let metric = rule.rule.metric, metric == .count || metric == .rate,
            let source = draft.monitor.sources.first(where: { $0.name == rule.rule.source }),
            source.probe.probe != "log", source.probe.fields["count"] == nil
        else { return }
        reading.error(
            "unknown-metric", "source \"\(rule.rule.source)\" counts nothing, so it has no \(metric.name)",
            at: reading.source.place(of: metric.name, from: rule.place) ?? rule.place,
            hint: "sources that count: {log: var/app.log, pattern: ERROR} and {run: COMMAND, count: ERROR}")
    }

    private func checkBaseline() {
        let relative = draft.rules.filter(\.rule.isRelative)
        guard let policy = draft.monitor.baseline else {
            if draft.isBaselineWritten { return }
            if let rule = relative.first {
                missing("a rule compares with the baseline, and none is taken", at: rule.place)
            } else if let control = draft.control.first {
                missing("a control is compared with the baseline, and none is taken", at: control.place)
            }
            return
        }
        for source in draft.monitor.sources {
            let metrics = draft.monitor.comparedMetrics(of: source.name)
            guard let fewest = metrics.map({ wanted($0) }).max() else { continue }
            let most = Int(policy.duration.milliseconds / source.every.milliseconds)
            guard most < fewest, !policy.isOptional, let place = draft.baselinePlace else { continue }
            reading.error(
                "short-baseline",
                "\"baseline\" of \(policy.duration.written) gives \(most) samples of \"\(source.name)\", and it takes \(fewest)",
                at: place, hint: "take it for longer, sample more often, or lower min-samples")
            return
        }
    }

    private func wanted(_ metric: Rule.Metric) -> Int {
        metric == .value ? min(draft.monitor.minSamples, 5) : draft.monitor.minSamples
    }

    private func missing(_ what: String, at place: Place) {
        reading.error(
            "no-baseline", what, at: place, hint: "add baseline: 2m, which is sampled before the first change")
    }
}
