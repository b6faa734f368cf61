import ShipitCore

/// `plan TAG` for a person: what would happen, in which order, and how each part of it is taken back.
enum PlanText {
    static func text(_ facts: PlanFacts) -> String {
        let plan = facts.plan
        var text = "plan of \(SafeText.line(plan.pipeline)): "
        text += SafeText.line("\(plan.release.tag) to \(plan.environment)") + "\n\n"
        text += head(facts) + "\nstages, in the order in which they may start:\n"
        for (place, stage) in plan.stages.enumerated() { text += "\n" + self.stage(stage, place + 1, facts) }
        text += "\n" + pointsOfNoReturn(facts)
        text += GateWords.plan(facts)
        text += plan.monitor.map(monitor) ?? "monitor: none\n"
        return text
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
        table.add("digest", facts.digest)
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
        add("runs", facts.commands(of: stage) ?? ["(opaque: known only when it runs)"], to: &table)
        if let call = stage.verify { add("verify", CallWords.lines(call), to: &table) }
        if let call = stage.finally { add("finally", CallWords.lines(call), to: &table) }
        table.add("limits", limits(stage))
        add("way back", wayBack(stage, facts), to: &table)
        for point in facts.pointsOfNoReturn where point.stage.name == stage.name {
            table.add("", "POINT OF NO RETURN \(SafeText.line(point.words))")
        }
        text += table.text
        return text
    }

    private static func add(_ label: String, _ lines: [String], to table: inout Table) {
        for (place, line) in lines.enumerated() { table.add(place == 0 ? label : "", line) }
    }

    static func wayBack(_ stage: PlannedStage, _ facts: PlanFacts) -> [String] {
        switch stage.undo {
        case .none: [stage.changes ? "none declared" : "none needed: it changes nothing"]
        case .nothing: ["nothing to undo"]
        case .action: facts.undoCommands(of: stage) ?? ["\(SafeText.line(stage.perform.action)) undoes itself"]
        case .call: facts.undoCommands(of: stage) ?? []
        }
    }

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
        for rule in monitor.rollbackWhen { table.add("roll back when", SafeText.line(rule.text)) }
        for rule in monitor.warnWhen { table.add("warn when", SafeText.line(rule.text)) }
        text += table.text
        let inconclusive =
            switch monitor.inconclusive {
            case .pause: "pause"
            case .rollback: "roll back"
            case .ignore: "go on"
            }
        return text + "  without a verdict for \(Words.span(monitor.grace)): \(inconclusive)\n"
    }

    private static func probe(_ probe: ProbeRequest) -> String {
        SafeText.line("\(probe.probe) \(CallWords.value(probe.subject))")
    }
}
