import Foundation
import ShipitCore
import ShipitEngine

/// `report RUN --format html`: one file that needs no other, no script, light or dark as the reader likes it. It is well-formed XML,
/// too.
enum ReportHTML {
    static func text(_ report: RunReport) -> String {
        var body = header(report)
        body +=
            report.view.created.dryRun
            ? dryRun(report) : section("Timeline", timeline(report)) + section("Stages", graph(report))
        if !report.evidence.isEmpty { body += section("Checks", report.evidence.map(checks).joined()) }
        if let monitor = report.view.state.plan.monitor { body += section("Monitoring", monitoring(monitor, report)) }
        if !report.words.isEmpty { body += section("Sign-offs", signOffs(report)) }
        let turns = ReportWords.turns(report)
        if !turns.isEmpty {
            body += section(
                "What people did", table(["when (UTC)", "what"], turns.map { [Words.minute($0.at), $0.words] }))
        }
        if report.undoAccount != nil { body += section("Rollback", rollback(report)) }
        if !report.printed.isEmpty { body += section("Last words", lastWords(report)) }
        if report.hasChecklist { body += section("Checklist", checklist(report)) }
        return """
            <!DOCTYPE html>
            <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
            <title>\(safe(report.title))</title>
            <style>
            \(ReportStyle.text)
            </style>
            </head>
            <body>
            <main>
            \(body)</main>
            <footer>Made by shipit \(Wiring.version) at \(Words.minute(report.now)) UTC from the journal of run \
            \(safe(report.view.created.run.text)): \(Words.count(Int(report.journal.events), "event")), the last hash \
            <code>\(safe(report.journal.head))</code>.</footer>
            </body>
            </html>

            """
    }

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
        if let comparison = findings.comparison {
            let changes = comparison.changes.map { "<li>\(safe(DryRunWords.words($0)))</li>\n" }.joined()
            let list = changes.isEmpty ? "" : "<ul>\n\(changes)</ul>\n"
            text += section("Compared", "<p>\(safe(DryRunWords.summary(comparison)))</p>\n\(list)")
        }
        return text
    }

    // MARK: Head

    private static func header(_ report: RunReport) -> String {
        let view = report.view
        let facts = report.facts.filter { !["outcome", "why", "journal"].contains($0.label) }
        let code = report.exitCode.map { " · exit code \($0)" } ?? ""
        let why = report.reason.map { "<p class=\"why\">\(safe(SafeText.joined($0)))</p>\n" } ?? ""
        let next = NextStep(view).map { "<p>next: <code>\(safe($0.command))</code></p>\n" } ?? ""
        return """
            <header>
            <h1>\(safe(SafeText.line(view.created.pipeline))) of \(safe(view.title))</h1>
            <p class="badge \(tone(report))">\(safe(StateWords.of(view)))\(code)</p>
            \(why)\(next)<dl>
            \(facts.map { "<div><dt>\(safe($0.label))</dt><dd>\(safe($0.words))</dd></div>\n" }.joined())</dl>
            </header>

            """
    }

    /// What colour the outcome has.
    private static func tone(_ report: RunReport) -> String {
        switch report.exitCode {
        case 0: "good"
        case 4: "back"
        case nil: "open"
        default: "bad"
        }
    }

    // MARK: Timeline and stages

    private static func timeline(_ report: RunReport) -> String {
        let rows = report.attempts.map { attempt in
            [
                Words.clock(attempt.startedAt), RunReport.words(attempt.id), "\(attempt.id.number)",
                RunReport.verdict(of: attempt, in: report.view), attempt.took.map(Words.duration) ?? "",
                attempt.cause ?? "",
            ]
        }
        guard !rows.isEmpty else { return "<p>No stage has started.</p>\n" }
        let timeline = ReportTimeline(report)
        return "<div class=\"wide\">\(timeline.svg)</div>\n<p class=\"legend\">\(safe(timeline.legend))</p>\n"
            + details(
                "Every attempt", table(["began (UTC)", "what", "attempt", "verdict", "took", "why"], rows),
                isOpen: rows.count <= 24)
    }

    /// As a picture of its own, so that neither document's style reaches into the other.
    private static func graph(_ report: RunReport) -> String {
        let picture = Data(GraphSVG.text(StageGraph(report.view)).utf8).base64EncodedString()
        let skipped = report.view.stages.filter { !$0.state.hasStarted }.map { planned, stage in
            [
                SafeText.line(planned.name.text), StageWord(stage.perform, in: report.view).rawValue,
                stage.perform.reason.map(SafeText.joined) ?? "",
            ]
        }
        return "<div class=\"wide\"><img alt=\"the stages and what each needs, coloured by how they ended\" "
            + "src=\"data:image/svg+xml;base64,\(picture)\"/></div>\n"
            + (skipped.isEmpty ? "" : table(["not started", "state", "why"], skipped))
    }

    // MARK: Checks and the monitor

    private static func checks(_ evidence: SuiteEvidence) -> String {
        let passed = evidence.answers.count(where: \.passed)
        let head = "\(evidence.suite): \(passed) of \(evidence.answers.count) passed"
        let place = "stage \(RunReport.words(evidence.attempt)), attempt \(evidence.attempt.number)"
        let rows = evidence.answers.map { answer in
            let mark = answer.mark == .none ? "no answer" : answer.mark.rawValue
            return "<tr><td><span class=\"mark \(answer.mark.rawValue)\">\(mark)</span></td>"
                + "<td>\(cell(answer.check.name))</td><td>\(found(answer))</td>"
                + "<td>\(cell(answer.check.owner ?? ""))</td></tr>\n"
        }
        return "<h3>\(safe(SafeText.line(head))) <small>\(safe(place))</small></h3>\n"
            + "<div class=\"wide\"><table><thead><tr><th></th><th>check</th><th>found</th><th>owner</th></tr></thead>"
            + "<tbody>\n\(rows.joined())</tbody></table></div>\n"
    }

    /// What was found, and behind it what was asked and what came back.
    private static func found(_ answer: SuiteEvidence.Answer) -> String {
        guard let kept = answer.kept else { return cell(answer.words) }
        let took = kept.seconds.map { " in \(Words.value($0, .time))" } ?? ""
        let back = kept.evidence.isEmpty ? "" : "\n\(kept.evidence)"
        let text = "\(Words.minute(kept.at)) UTC\(took): \(kept.question)\(back)"
        let summary = answer.words.isEmpty ? "evidence" : SafeText.line(answer.words)
        return "<details><summary>\(safe(summary))</summary><pre class=\"text\">"
            + SafeText.lines(text).map(safe).joined(separator: "\n") + "</pre></details>"
    }

    private static func monitoring(_ monitor: Monitor, _ report: RunReport) -> String {
        let rules =
            monitor.rollbackWhen.map { ["roll back when", $0.text] } + monitor.warnWhen.map { ["warn when", $0.text] }
        var text =
            "<p>\(safe(ReportWords.monitored(report) ?? "It did not begin."))</p>\n" + table(["rule", ""], rules)
        let figures = SourcePlot.plots(of: report).map { PlotDrawing(plot: $0).figure }
        if !figures.isEmpty { text += "<div class=\"plots\">\n\(figures.joined())</div>\n" }
        guard !report.judgements.isEmpty else { return text + "<p>No rule was over its limit.</p>\n" }
        let rows = report.judgements.map {
            [
                Words.minute($0.at), $0.rule, ReportWords.judgement($0.kind),
                Words.observed($0.observed, ofRule: $0.rule),
            ]
        }
        return text + table(["when (UTC)", "rule", "was", "value"], rows)
            + report.view.state.breaches.compactMap { BreachSamples($0, in: report.view) }
            .map { "<p>\(safe($0.words))</p>\n" }.joined()
    }

    // MARK: People, rollback, output

    private static func signOffs(_ report: RunReport) -> String {
        let rows = report.words.map { word in
            [
                Words.minute(word.at), word.signOff.role, word.signOff.person,
                word.rejectedBecause.map { "rejects: \($0)" } ?? "approves", ReportWords.proof(word.signOff),
            ]
        }
        return table(["when (UTC)", "role", "who", "word", "proof"], rows)
    }

    private static func rollback(_ report: RunReport) -> String {
        let reason = report.view.state.rollbackReason.map { "<p>\(safe(SafeText.joined($0)))</p>\n" } ?? ""
        let lists = report.undoLists
        if lists.isEmpty { return reason + "<p>Nothing had to be undone.</p>\n" }
        return reason
            + lists.map { title, entries in
                "<h3>\(safe(title))</h3>\n<ul>\n"
                    + entries.map { "<li>\(safe($0.stage))\($0.note.map { ": " + safe($0) } ?? "")</li>\n" }.joined()
                    + "</ul>\n"
            }.joined()
    }

    private static func lastWords(_ report: RunReport) -> String {
        report.attempts.compactMap { attempt in
            report.printed[attempt.id].map { lines in
                "<h3>\(safe(RunReport.words(attempt.id))) <small>attempt \(attempt.id.number)</small></h3>\n<pre>"
                    + lines.map { safe(SafeText.outputLine($0)) }.joined(separator: "\n") + "</pre>\n"
            }
        }.joined()
    }

    private static func checklist(_ report: RunReport) -> String {
        let lines = report.checklist()
        let boxes = lines.map { $0.drop { $0 == " " } }.filter { $0.hasPrefix("- [ ] ") || $0.hasPrefix("- [x] ") }
        let ticked = boxes.count { $0.hasPrefix("- [x] ") }
        return details(
            "\(ticked) of \(boxes.count) boxes ticked by this run",
            "<pre class=\"text\">\(lines.map(safe).joined(separator: "\n"))</pre>\n", isOpen: true)
    }

    // MARK: Form

    private static func section(_ title: String, _ text: String) -> String {
        "<section>\n<h2>\(title)</h2>\n\(text)</section>\n"
    }

    private static func details(_ title: String, _ text: String, isOpen: Bool) -> String {
        "<details\(isOpen ? " open=\"\"" : "")><summary>\(safe(title))</summary>\n\(text)</details>\n"
    }

    private static func table(_ header: [String], _ rows: [[String]]) -> String {
        let head = header.map { "<th>\(safe($0))</th>" }.joined()
        let body = rows.map { "<tr>" + $0.map { "<td>\(cell($0))</td>" }.joined() + "</tr>\n" }.joined()
        return "<div class=\"wide\"><table><thead><tr>\(head)</tr></thead><tbody>\n\(body)</tbody></table></div>\n"
    }

    private static func cell(_ text: String) -> String { safe(SafeText.line(text)) }

    static func safe(_ text: String) -> String { MarkupText.xml(text) }
}
