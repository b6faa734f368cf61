import ShipitCore
import ShipitEngine

/// `backtest`: for each run what each rule would have said, and what the run did.
enum BacktestText {
    static func text(_ trials: [BacktestTrial]) -> String {
        var text = trials.map(text).joined(separator: "\n")
        if trials.count > 1 {
            let back = trials.count { $0.result.rollback != nil }
            let were = trials.count { $0.breach != nil }
            text +=
                "\nof \(trials.count) runs, \(back) would have been rolled back by these rules; \(were) had a breach\n"
        }
        return text
    }

    private static func text(_ trial: BacktestTrial) -> String {
        let sources = Set(trial.samples.map(\.source)).sorted().map(SafeText.line).joined(separator: ", ")
        let times = trial.samples.map(\.sample.at)
        var text = "run \(RunChoice.words(trial.record))\n"
        text += "  \(Words.count(trial.samples.count, "sample")) of \(sources)"
        text += " from \(Words.clock(times.min() ?? trial.began)) to \(Words.clock(times.max() ?? trial.began)) UTC\n"
        var table = Table(indent: "  ")
        for finding in trial.result.findings {
            table.add(SafeText.line(finding.rule.text), words(finding, began: trial.began))
        }
        text += table.text
        text += "  would have: "
        text +=
            trial.result.rollback.map {
                "rolled back at \(Words.clock($0.at)), by \(SafeText.line($0.finding.rule.text))"
            }
            ?? "not rolled back"
        let was = trial.breach.map { "breached \(SafeText.line($0.breach.rule)) at \(Words.clock($0.at))" }
        return text + "; the run " + (was ?? "had no breach") + "\n"
    }

    private static func words(_ finding: Backtest.Finding, began: Instant) -> String {
        switch finding.verdict {
        case .breach(let at, let observed):
            return "\(finding.warns ? "WARNS" : "BREACH") at \(Words.clock(at)), \(Words.duration(at - began)) "
                + "after monitoring began (\(Words.observed(observed, of: finding.rule)))"
        case .over(let since): return "over since \(Words.clock(since)) when the samples end" + extreme(finding)
        case .pass: return "pass when the samples end" + extreme(finding)
        case .noVerdict: return "no data when the samples end: no verdict" + extreme(finding)
        }
    }

    /// How near it came, and how often it was over without breaching.
    private static func extreme(_ finding: Backtest.Finding) -> String {
        guard let worst = finding.worst else { return "" }
        var words = "; worst \(Words.observed(worst, of: finding.rule))"
        if finding.firings > 0 { words += ", over \(Words.count(finding.firings, "time"))" }
        return words
    }
}

/// An array of runs, each with its rules.
enum BacktestJSON {
    static func text(_ trials: [BacktestTrial]) -> String { JSONValue.array(trials.map(value)).pretty + "\n" }

    private static func value(_ trial: BacktestTrial) -> JSONValue {
        .members([
            "run": .string(trial.record.created.run.text),
            "tag": .string(trial.record.created.release.tag),
            "environment": .string(trial.record.created.environment),
            "outcome": .text(trial.record.summary.outcome?.rawValue),
            "monitoringStartedAt": .string(trial.began.description),
            "samples": .integer(Int64(trial.samples.count)),
            "rules": .array(trial.result.findings.map(value)),
            "wouldRollBackAt": .text(trial.result.rollback?.at.description),
            "breachedAt": .text(trial.breach?.at.description),
        ])
    }

    private static func value(_ finding: Backtest.Finding) -> JSONValue {
        let (verdict, at, observed): (String, Instant?, Double?)
        switch finding.verdict {
        case .breach(let instant, let value): (verdict, at, observed) = ("breach", instant, value)
        case .over(let since): (verdict, at, observed) = ("over", since, nil)
        case .pass: (verdict, at, observed) = ("pass", nil, nil)
        case .noVerdict: (verdict, at, observed) = ("no-data", nil, nil)
        }
        return .members([
            "rule": .string(finding.rule.text), "warns": .bool(finding.warns), "verdict": .string(verdict),
            "at": .text(at?.description), "observed": observed.map(JSONValue.number) ?? .null,
            "worst": finding.worst.map(JSONValue.number) ?? .null, "timesOver": .integer(Int64(finding.firings)),
        ])
    }
}
