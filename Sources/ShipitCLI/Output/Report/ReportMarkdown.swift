import ShipitCore
import ShipitEngine
import ShipitImport

/// `report RUN`: the record of a deployment, for a wiki, a ticket or a mail.
enum ReportMarkdown {
    static func text(_ report: RunReport) -> String {
        var text = "# \(safe(report.title))\n\n"
        text += table(["", ""], report.facts.map { [$0.label, $0.words] })
        text += report.view.created.dryRun ? dryRun(report) : section("Timeline", timeline(report))
        text += report.evidence.isEmpty ? "" : section("Checks", report.evidence.map(checks).joined(separator: "\n"))
        text += report.words.isEmpty ? "" : section("Sign-offs", signOffs(report))
        text += report.acts.isEmpty && report.turns.isEmpty ? "" : section("What people did", acts(report))
        text += report.view.state.plan.monitor.map { section("Monitoring", monitoring($0, report)) } ?? ""
        text += rollback(report).map { section("Rollback", $0) } ?? ""
        text += report.printed.isEmpty ? "" : section("Last words", lastWords(report))
        if report.hasChecklist {
            text += section("Checklist", report.checklist(MarkupText.markdown).joined(separator: "\n") + "\n")
        }
        return text
    }

    // MARK: Parts

    private static func dryRun(_ report: RunReport) -> String {
        let findings = report.view.state.dryRun
        let rows = findings.previews.flatMap { preview in
            preview.parts.flatMap { part in
                (part.commands ?? ["known only when it runs: \(part.unknown ?? "")"]).map {
                    [preview.stage.text, part.part, SafeText.joined($0)]
                }
            }
        }
        var text = section("What would run", table(["stage", "part", "what"], rows))
        guard let comparison = findings.comparison else { return text }
        text += section(
            "Compared",
            safe(DryRunWords.summary(comparison)) + "\n"
                + comparison.changes.map { "- \(safe(DryRunWords.words($0)))\n" }.joined())
        return text
    }

    private static func timeline(_ report: RunReport) -> String {
        let rows = report.attempts.map { attempt in
            [
                Words.clock(attempt.startedAt), RunReport.words(attempt.id), "\(attempt.id.number)",
                RunReport.verdict(of: attempt, in: report.view), attempt.took.map(Words.duration) ?? "",
                attempt.cause ?? "",
            ]
        }
        let skipped = report.view.stages.filter { !$0.state.hasStarted }.map { planned, stage in
            [
                "", SafeText.line(planned.name.text), "", StageWord(stage.perform, in: report.view).rawValue, "",
                stage.perform.reason.map(SafeText.joined) ?? "",
            ]
        }
        return table(["began (UTC)", "what", "attempt", "verdict", "took", "why"], rows + skipped)
    }

    private static func checks(_ evidence: SuiteEvidence) -> String {
        let place = "\(RunReport.words(evidence.attempt)), attempt \(evidence.attempt.number)"
        let lines = evidence.answers.map { answer in
            let mark = answer.mark == .passed ? "" : " **\(answer.mark == .none ? "no answer" : answer.mark.rawValue)**"
            let owner = answer.check.owner.map { " (\($0))" } ?? ""
            let words = answer.words.isEmpty ? "" : ": \(answer.words)"
            return "- [\(answer.passed ? "x" : " ")] \(safe(answer.check.name + owner))\(mark)\(safe(words))\n"
        }
        return "### \(safe(evidence.suite)) (\(safe(place)))\n\n" + lines.joined()
    }

    private static func signOffs(_ report: RunReport) -> String {
        table(
            ["when (UTC)", "role", "who", "word", "proof"],
            report.words.map { word in
                [
                    Words.minute(word.at), word.signOff.role, word.signOff.person,
                    word.rejectedBecause.map { "rejects: \($0)" } ?? "approves", ReportWords.proof(word.signOff),
                ]
            })
    }

    private static func acts(_ report: RunReport) -> String {
        table(["when (UTC)", "what"], ReportWords.turns(report).map { [Words.minute($0.at), $0.words] })
    }

    private static func monitoring(_ monitor: Monitor, _ report: RunReport) -> String {
        var text = ReportWords.monitored(report).map { safe($0) + "\n\n" } ?? "It did not begin.\n\n"
        text += (monitor.rollbackWhen.map { ("roll back when", $0) } + monitor.warnWhen.map { ("warn when", $0) })
            .map { "- \($0.0) \(safe($0.1.text))\n" }.joined()
        guard !report.judgements.isEmpty else { return text + "\nNo rule was over its limit.\n" }
        text += "\n"
        return text
            + table(
                ["when (UTC)", "rule", "was", "value"],
                report.judgements.map {
                    [
                        Words.minute($0.at), $0.rule, ReportWords.judgement($0.kind),
                        Words.observed($0.observed, ofRule: $0.rule),
                    ]
                })
            + report.view.state.breaches.compactMap { BreachSamples($0, in: report.view) }
            .map { "\n\(safe($0.words))\n" }.joined()
    }

    private static func rollback(_ report: RunReport) -> String? {
        let lists = report.undoLists
        guard report.undoAccount != nil else { return nil }
        let reason = report.view.state.rollbackReason.map { "\(safe(SafeText.joined($0)))\n\n" } ?? ""
        guard !lists.isEmpty else { return reason + "Nothing had to be undone.\n" }
        return reason
            + lists.map { title, entries in
                "**\(title)**\n\n"
                    + entries.map { "- \(safe($0.stage))\($0.note.map { ": " + safe($0) } ?? "")\n" }.joined()
            }.joined(separator: "\n")
    }

    private static func lastWords(_ report: RunReport) -> String {
        report.attempts.compactMap { attempt in
            report.printed[attempt.id].map { lines in
                // Four blanks make a block that no line of it can end.
                "\(safe(RunReport.words(attempt.id))), attempt \(attempt.id.number):\n\n"
                    + lines.map { "    \(SafeText.outputLine($0))\n" }.joined()
            }
        }.joined(separator: "\n")
    }

    // MARK: Form

    private static func section(_ title: String, _ text: String) -> String { "\n## \(title)\n\n\(text)" }

    private static func table(_ header: [String], _ rows: [[String]]) -> String {
        let lines = [header, header.map { _ in "---" }] + rows.map { $0.map(safe) }
        return lines.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }

    private static func safe(_ text: String) -> String { MarkupText.markdown(SafeText.line(text)) }
}
