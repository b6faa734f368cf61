import ShipitCore

/// `plan TAG` for a person: what would happen, in which order, and how each part of it is taken back.
enum PlanText {
    static func text(_ facts: PlanFacts) -> String {
        let plan = facts.plan
        var text = "plan of \(SafeText.line(plan.pipeline)): "
        text += SafeText.line("\(plan.release.tag) to \(plan.environment)") + "\n\n"
        text += head(facts) + "\nstages, in the order in which they may start:\n"
        for (place, stage) in plan.stages.enumerated() { text += "\n" + self.stage(stage, place + 1, facts) }
        text += "\n" + pointsOfNoReturn(facts) + opaque(facts) + rollback(facts) + rollbackCheck(facts.plan)
        text += GateWords.plan(facts)
        text += plan.monitor.map(monitor) ?? "monitor: none\n"
        return text + NoticeWords.plan(plan)
    }

    // MARK: Releases

    private static func head(_ facts: PlanFacts) -> String {
        var table = Table()
        table.add("release", words(facts.plan.release))
        if let previous = facts.plan.previous {
            table.add("previous", words(previous))
        } else {
            table.add("previous", "none: a way back that needs it has nothing to go back to (--previous TAG names one)")
        }
        if let commits = facts.commits {
            table.add("commits", "\(commits.count) since the previous release")
            for subject in commits.subjects { table.add("", "  " + SafeText.line(subject)) }
            let more = commits.count - commits.subjects.count
            if more > 0, !commits.subjects.isEmpty { table.add("", "  and \(more) more") }
        }
        table.add("usually", usually(facts.usual))
        table.add("digest", facts.digest)
        for (name, digest) in (facts.plan.plugins ?? [:]).sorted(by: { $0.key < $1.key }) {
            table.add("plugin", SafeText.line("\(name), \(digest)"))
        }
        return table.text
    }

    private static func words(_ release: Release) -> String {
        SafeText.line("\(release.tag), commit \(release.commit.prefix(12))")
    }

    // MARK: Stages

    private static func stage(_ stage: PlannedStage, _ number: Int, _ facts: PlanFacts) -> String {
        let needs = stage.needs.isEmpty ? "" : ", after " + stage.needs.map(\.text).joined(separator: ", ")
        var text = SafeText.line("\(number). \(stage.name) (\(stage.perform.action))\(needs)") + "\n"
        if stage.skipped { return text + "     skipped: its condition is false\n" }
        var table = Table(indent: "     ")
        if let hold = stage.hold {
            if case .notify(let call) = hold {
                add("tells", CallWords.lines(call), to: &table)
            } else {
                table.add("waits", SafeText.line(GateWords.waits(hold)))
            }
            return text + table.text
        }
        if let hosts = stage.hosts { add("hosts", HostRows.plan(hosts), to: &table) }
        add(stage.hosts == nil ? "runs" : "on each", lines(.perform, of: stage, facts), to: &table)
        if let pending = facts.pending[stage.name] { add("pending", lines(pending), to: &table) }
        if stage.verify != nil { add("verify", lines(.verify, of: stage, facts), to: &table) }
        if stage.finally != nil { add("finally", lines(.finally, of: stage, facts), to: &table) }
        table.add("limits", limits(stage))
        if let words = usually(stage, facts.usual) { table.add("usually", words) }
        add("way back", wayBack(stage, facts), to: &table)
        if let words = PlanFacts.pointOfNoReturn(stage) {
            table.add("", "POINT OF NO RETURN \(SafeText.line(words))")
        }
        text += table.text
        return text
    }

    private static func add(_ label: String, _ lines: [String], to table: inout Table) {
        for (place, line) in lines.enumerated() { table.add(place == 0 ? label : "", line) }
    }

    private static func lines(_ part: StagePart, of stage: PlannedStage, _ facts: PlanFacts) -> [String] {
        switch facts.preview(part, of: stage) {
        case .commands(let commands)?: commands.flatMap(CallWords.split)
        case .opaque(let reason)?: ["(opaque: \(SafeText.joined(reason)))"]
        case nil: []
        }
    }

    private static func lines(_ pending: PendingWork) -> [String] {
        switch pending {
        case .names(let names): names.isEmpty ? ["nothing"] : names.map(SafeText.line)
        case .unknown(let reason): ["(not known: \(SafeText.joined(reason)))"]
        }
    }

    private static func wayBack(_ stage: PlannedStage, _ facts: PlanFacts) -> [String] {
        switch stage.undo {
        case .none: [stage.changes ? "none declared" : "none needed: it changes nothing"]
        case .nothing: ["nothing to undo"]
        case .action, .call: lines(.rollback, of: stage, facts)
        }
    }

    // MARK: Time

    private static func usually(_ usual: UsualDurations) -> String {
        guard let stages = usual.stages else {
            return "not known: no run of this pipeline has succeeded there" + (rollback(usual).map { "; " + $0 } ?? "")
        }
        let words = "\(Words.duration(stages)) for all stages (\(Words.count(usual.runs, "run")))"
        return words + "; " + (rollback(usual) ?? "how long a rollback takes is not known")
    }

    private static func rollback(_ usual: UsualDurations) -> String? {
        usual.rollback.map { "a rollback \(Words.duration($0)) (\(Words.count(usual.rollbacks, "run")))" }
    }

    private static func usually(_ stage: PlannedStage, _ usual: UsualDurations) -> String? {
        let parts = [(Part.perform, ""), (.undo, "its undo "), (.finally, "its finally ")].compactMap { part, word in
            usual[stage.name, part].map { word + Words.duration($0) }
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    // MARK: Limits

    private static func limits(_ stage: PlannedStage) -> String {
        var words = ["timeout \(Words.span(stage.timeout))"]
        if let deadline = stage.deadline { words.append("all attempts within \(Words.span(deadline))") }
        words.append(self.words(stage.retry))
        if stage.onExhausted == .pause { words.append("then a person is asked") }
        return words.joined(separator: "; ")
    }

    private static func words(_ retry: RetryPolicy) -> String {
        guard retry.attempts > 1 else { return "1 attempt" }
        var details = ["\(Words.span(retry.delay)) apart"]
        if retry.backoff != 1 { details.append("each time × \(Words.short(retry.backoff))") }
        if let longest = retry.maxDelay { details.append("at most \(Words.span(longest))") }
        if retry.jitter > 0 { details.append("± \(Words.value(retry.jitter, .ratio))") }
        let causes = retry.on.map { cause in
            switch cause {
            case .any: "any failure"
            case .timeout: "timeout"
            case .exit(let code): "exit \(code)"
            }
        }
        return "up to \(retry.attempts) attempts, \(details.joined(separator: ", ")), on "
            + causes.joined(separator: " or ")
    }

    private static func pointsOfNoReturn(_ facts: PlanFacts) -> String {
        let points = facts.pointsOfNoReturn
        if points.isEmpty { return "points of no return: none\n" }
        return "points of no return:\n"
            + points.map { "  " + SafeText.line("\($0.stage.name), \($0.words)") + "\n" }.joined()
    }

    private static func opaque(_ facts: PlanFacts) -> String {
        let opaque = facts.opaque
        if opaque.isEmpty { return "" }
        return "opaque, known only when they run:\n"
            + opaque.map { "  " + SafeText.line("\($0.part.rawValue) of \($0.stage.name)") + "\n" }.joined()
    }

    /// What would be asked once all is undone; nothing where there is nothing to go back to.
    private static func rollbackCheck(_ plan: Plan) -> String {
        guard plan.previous != nil else { return "" }
        guard let stage = plan.stages.first(where: { $0.rollbackCheck != nil }), let suite = stage.rollbackCheck?.suite
        else {
            return "after a rollback: nothing is asked (rollback-verify: of the monitor names a suite)\n"
        }
        let names = (plan.suites[suite] ?? []).map(\.name)
        let left = plan.leftOutOfRollbackCheck
        let words =
            "after a rollback, as stage \(stage.name): \(names.joined(separator: ", "))"
            + (left.isEmpty ? "" : "; not \(left.joined(separator: ", ")), which speak of the new release")
        return SafeText.line(words) + "\n"
    }

    /// Stages as they would be undone, one after another; those that don't need one another may overlap.
    private static func rollback(_ facts: PlanFacts) -> String {
        let outlook = RollbackOutlook(facts.plan)
        guard !outlook.entries.isEmpty else { return "rollback: nothing here would have to be undone\n" }
        let target = facts.plan.previous.map { ", to \(SafeText.line($0.tag))" } ?? ", with no release to go back to"
        var table = Table(indent: "  ")
        for (place, entry) in outlook.entries.enumerated() {
            let lines = self.lines(entry, facts)
            for (row, line) in lines.enumerated() {
                table.add(row == 0 ? "\(place + 1). \(SafeText.line(entry.stage.name.text))" : "", line)
            }
        }
        let end =
            outlook.isComplete ? "all of that is a whole rollback (exit code 4)" : "it would NOT be whole (exit code 5)"
        return "rollback, if all of it had run\(target):\n" + table.text + "  \(end)\n"
    }

    private static func lines(_ entry: RollbackOutlook.Entry, _ facts: PlanFacts) -> [String] {
        switch entry.way {
        case .undone: lines(.rollback, of: entry.stage, facts)
        case .nothing: ["nothing to undo"]
        case .left: ["STAYS: past its point of no return"]
        case .undeclared: ["STAYS: declares no way back"]
        }
    }

    // MARK: Monitor

    private static func monitor(_ monitor: Monitor) -> String {
        let from = monitor.from.map { "from \($0) on" } ?? "from the last change on"
        let span = monitor.duration == .zero ? "" : ", and \(Words.span(monitor.duration)) after the last stage"
        var text = "monitor: \(SafeText.line(from))\(span)\n"
        var table = Table(indent: "  ")
        for source in monitor.sources {
            table.add(
                "source \(SafeText.line(source.name))", "\(probe(source.probe)), every \(Words.span(source.every))")
        }
        if let baseline = monitor.baseline {
            let missing = baseline.isOptional ? "" : "; with too little data nothing is changed"
            table.add("baseline", "every source for \(Words.span(baseline.duration)) before the first change\(missing)")
        }
        for rule in monitor.rollbackWhen { table.add("roll back when", SafeText.line(rule.text)) }
        for rule in monitor.warnWhen { table.add("warn when", SafeText.line(rule.text)) }
        if let significance = monitor.significance {
            table.add("unless", "a difference from the baseline may be chance (significance \(significance))")
        }
        if let control = monitor.control {
            table.add("pause instead", "when \(SafeText.line(control.joined(separator: " or "))) moves, too")
        }
        text += table.text
        let inconclusive =
            switch monitor.inconclusive {
            case .pause: "pause"
            case .rollback: "roll back"
            case .ignore: "go on"
            }
        text += "  at most \(Words.count(monitor.budget, "release")) brought back a day; then a breach pauses the run\n"
        return text + "  without a verdict for \(Words.span(monitor.grace)): \(inconclusive)\n"
    }

    private static func probe(_ probe: ProbeRequest) -> String {
        SafeText.line("\(probe.probe) \(CallWords.value(probe.subject))")
    }
}
