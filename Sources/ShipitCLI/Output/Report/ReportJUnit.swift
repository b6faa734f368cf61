import ShipitCore
import ShipitEngine

/// `report RUN --format junit`: stages, undos and checks as test cases, for whatever shows test results.
enum ReportJUnit {
    private struct Case {
        var name: String
        var className: String
        var seconds: Double = 0
        /// `failure`, `error` or `skipped`, with what is said of it.
        var trouble: (kind: String, message: String)?
        var output: [String] = []
    }

    static func text(_ report: RunReport) -> String {
        let suites = [("stages", stages(report)), ("rollback", undos(report))] + report.evidence.map(checks)
        let shown = suites.filter { !$0.1.isEmpty }
        let all = shown.flatMap(\.1)
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text += "<testsuites name=\"\(safe(report.title))\"\(counts(all, skipped: false))>\n"
        for (name, cases) in shown {
            text += "  <testsuite name=\"\(safe(name))\"\(counts(cases, skipped: true))"
            text += " timestamp=\"\(report.view.startedAt.description.prefix(19))\">\n"
            for one in cases { text += self.text(one) }
            text += "  </testsuite>\n"
        }
        return text + "</testsuites>\n"
    }

    // MARK: Cases

    private static func stages(_ report: RunReport) -> [Case] {
        report.view.stages.map { planned, stage in
            let word = StageWord(stage.perform, in: report.view)
            let last = report.attempts.last { $0.id.stage == planned.name && $0.id.part == .perform }
            var one = Case(name: planned.name.text, className: className(report, "stages"))
            one.seconds = seconds(planned.name, .perform, report)
            let words = last?.result.flatMap(EventWords.cause) ?? stage.perform.reason ?? word.rawValue
            switch word {
            case .succeeded: break
            case .failed: one.trouble = ("failure", words)
            case .skipped, .pending, .waiting: one.trouble = ("skipped", stage.perform.reason ?? word.rawValue)
            case .running: one.trouble = ("skipped", "still running")
            case .cancelled, .interrupted, .unknown: one.trouble = ("error", words)
            }
            one.output = last.flatMap { report.printed[$0.id] } ?? []
            return one
        }
    }

    private static func undos(_ report: RunReport) -> [Case] {
        guard report.view.state.rollbackReason != nil else { return [] }
        return report.view.stages.reversed().filter(\.state.hasStarted).map { planned, stage in
            var one = Case(name: "undo of \(planned.name)", className: className(report, "rollback"))
            one.seconds = seconds(planned.name, .undo, report)
            switch UndoWord(stage.undo, in: report.view) {
            case .succeeded: break
            case .failed: one.trouble = ("failure", stage.undo.last.flatMap(EventWords.cause) ?? "it failed")
            case .pending, .running: one.trouble = ("skipped", "not ended")
            case .none:
                let why = UndoWord.whyNone(planned, stage) ?? "it did not run"
                one.trouble = (stage.isLeft ? "failure" : "skipped", why)
            }
            return one
        }
    }

    private static func checks(_ evidence: SuiteEvidence) -> (String, [Case]) {
        let cases = evidence.answers.map { answer in
            var one = Case(name: answer.check.name, className: "checks.\(evidence.suite)")
            switch answer.mark {
            case .passed: one.output = [answer.words]
            // What was let is no failure: it is told, and nothing is refused for it.
            case .warning, .waived, .signedOff: one.output = ["\(answer.mark.rawValue): \(answer.words)"]
            case .failed: one.trouble = ("failure", answer.words)
            case .none: one.trouble = ("skipped", "no answer is on record")
            }
            return one
        }
        return ("checks \(evidence.suite) of \(RunReport.words(evidence.attempt))", cases)
    }

    private static func className(_ report: RunReport, _ part: String) -> String {
        "\(report.view.created.pipeline).\(report.view.created.environment).\(part)"
    }

    private static func seconds(_ stage: StageName, _ part: Part, _ report: RunReport) -> Double {
        report.attempts.filter { $0.id.stage == stage && $0.id.part == part }.compactMap(\.took).map(\.seconds)
            .reduce(0, +)
    }

    // MARK: Form

    private static func counts(_ cases: [Case], skipped: Bool) -> String {
        func count(_ kind: String) -> Int { cases.count { $0.trouble?.kind == kind } }
        var text = " tests=\"\(cases.count)\" failures=\"\(count("failure"))\" errors=\"\(count("error"))\""
        if skipped { text += " skipped=\"\(count("skipped"))\"" }
        return text + " time=\"\(number(cases.map(\.seconds).reduce(0, +)))\""
    }

    private static func text(_ one: Case) -> String {
        var text = "    <testcase name=\"\(safe(one.name))\" classname=\"\(safe(one.className))\""
        text += " time=\"\(number(one.seconds))\""
        let output = one.output.map(SafeText.outputLine).filter { !$0.isEmpty }
        guard one.trouble != nil || !output.isEmpty else { return text + "/>\n" }
        text += ">\n"
        if let (kind, message) = one.trouble {
            text += "      <\(kind) message=\"\(safe(SafeText.joined(message)))\"/>\n"
        }
        if !output.isEmpty {
            text += "      <system-out>\(output.map(safe).joined(separator: "\n"))</system-out>\n"
        }
        return text + "    </testcase>\n"
    }

    private static func number(_ seconds: Double) -> String {
        let milliseconds = Int64((seconds * 1000).rounded())
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }

    private static func safe(_ text: String) -> String { MarkupText.xml(SafeText.line(text)) }
}
