import ShipitCore

/// What a dry-run found, for a person.
enum DryRunWords {
    /// More than this many differences are counted.
    private static let shownChanges = 50

    static func text(_ view: RunView) -> String {
        let end =
            view.state.outcome == .refused
            ? "dry run \(view.created.run): a deployment would be refused\n"
                + (view.state.outcomeReason.map { "  \(SafeText.joined($0))\n" } ?? "")
            : "dry run \(view.created.run): nothing stands in the way\n"
        return checks(view.state.dryRun) + comparison(view.state.dryRun.comparison) + end
            + "nothing was changed\n"
    }

    /// Beside what `status` says of every run.
    static func findings(_ findings: DryRunFindings) -> String {
        guard !findings.previews.isEmpty else { return "" }
        var table = Table(["STAGE", "PART", "WOULD RUN"])
        for preview in findings.previews {
            for part in preview.parts {
                let lines =
                    part.commands.map { $0.isEmpty ? ["nothing"] : $0.flatMap(CallWords.split) }
                    ?? ["known only when it runs: \(SafeText.joined(part.unknown ?? ""))"]
                for (place, line) in lines.enumerated() {
                    table.add(
                        place == 0 ? SafeText.line(preview.stage.text) : "", place == 0 ? part.part : "",
                        SafeText.line(line))
                }
            }
        }
        return table.text + "\n" + checks(findings) + comparison(findings.comparison)
    }

    static func summary(_ comparison: DryRunComparison) -> String {
        guard let previous = comparison.previous else { return "the first of its kind" }
        if comparison.changes.isEmpty { return "as run \(previous) was" }
        return "\(Words.count(comparison.changes.count, "difference")) from run \(previous)"
    }

    static func word(_ standing: AskedSuite.Standing) -> String {
        switch standing {
        case .passed: "passed"
        case .warning: "warning"
        case .waived: "waived"
        case .signedOff: "signed off"
        case .failed: "FAILED"
        case .notAsked: "not asked"
        }
    }

    /// What the run's log says, a line each with its stage.
    static func log(_ event: RunEvent) -> [(StageName, String)] {
        switch event {
        case .stagePreviewed(let preview):
            preview.parts.flatMap { part in
                (part.commands?.map { "would run (\(part.part)): \($0)" }
                    ?? ["would run (\(part.part)): known only then: \(part.unknown ?? "")"]).map { (preview.stage, $0) }
            }
        case .suiteAsked(let asked):
            asked.answers.map { answer in
                (
                    asked.stage,
                    "\(word(answer.standing)): \(answer.check)" + (answer.words.isEmpty ? "" : ": \(answer.words)")
                )
            }
        default: []
        }
    }

    private static func checks(_ findings: DryRunFindings) -> String {
        findings.suites.map { suite in
            let when = suite.decides ? "" : ", as things are before the deployment"
            var table = Table(indent: "  ")
            for answer in suite.answers {
                table.add(word(answer.standing), SafeText.line(answer.check), SafeText.joined(answer.words))
            }
            return SafeText.line("checks \(suite.suite), stage \(suite.stage)\(when):") + "\n" + table.text + "\n"
        }.joined()
    }

    private static func comparison(_ comparison: DryRunComparison?) -> String {
        guard let comparison else { return "" }
        var text = "compared: \(summary(comparison))\n"
        for change in comparison.changes.prefix(shownChanges) { text += "  " + words(change) + "\n" }
        let more = comparison.changes.count - shownChanges
        return text + (more > 0 ? "  and \(more) more\n" : "") + "\n"
    }

    /// `+ checks.preflight.Disk: passed`.
    static func words(_ change: DryRunComparison.Change) -> String {
        let path = SafeText.line(change.path)
        func value(_ text: String) -> String { SafeText.joined(text) }
        switch (change.before, change.after) {
        case (let before?, let after?): return "\(path): \(value(before)) → \(value(after))"
        case (nil, let after?): return "+ \(path): \(value(after))"
        case (let before?, nil): return "- \(path): \(value(before))"
        case (nil, nil): return path
        }
    }
}

/// The same for programs.
enum DryRunJSON {
    /// `nil` for a run that is none.
    static func value(_ view: RunView) -> JSONValue? {
        guard view.created.dryRun else { return nil }
        let findings = view.state.dryRun
        return .members([
            "previews": .array(findings.previews.map(preview)),
            "checks": .array(findings.suites.map(suite)),
            "comparison": findings.comparison.map(comparison) ?? .null,
        ])
    }

    private static func preview(_ preview: StagePreview) -> JSONValue {
        .members([
            "stage": .string(preview.stage.text),
            "parts": .array(
                preview.parts.map { part in
                    .members([
                        "part": .string(part.part),
                        "commands": part.commands.map { .array($0.map { .string($0) }) } ?? .null,
                        "unknown": .text(part.unknown),
                    ])
                }),
        ])
    }

    private static func suite(_ suite: AskedSuite) -> JSONValue {
        .members([
            "stage": .string(suite.stage.text), "suite": .string(suite.suite), "decides": .bool(suite.decides),
            "answers": .array(
                suite.answers.map { answer in
                    .members([
                        "check": .string(answer.check), "standing": .string(answer.standing.rawValue),
                        "words": .string(answer.words),
                    ])
                }),
        ])
    }

    private static func comparison(_ comparison: DryRunComparison) -> JSONValue {
        .members([
            "previous": .text(comparison.previous?.text),
            "changes": .array(
                comparison.changes.map { change in
                    .members([
                        "path": .string(change.path), "before": .text(change.before), "after": .text(change.after),
                    ])
                }),
        ])
    }
}
