import ShipitCore
import ShipitEngine

/// `why RUN` for a person.
enum WhyText {
    static func text(_ why: Why) -> String {
        let view = why.view
        let code = view.state.outcome.map { _ in ", exit code \(ExitCode.of(view.state))" } ?? ""
        var lines = ["\(StateWords.of(view)): \(view.title), run \(view.created.run)\(code)"]
        for reason in why.reasons {
            lines += SafeText.lines(reason).enumerated().map { ($0 == 0 ? "  " : "    ") + $1 }
        }
        lines +=
            rules(why) + values(why)
            + view.state.breaches.compactMap { BreachSamples($0, in: view) }.map { "  \($0.words)" }
        lines += lastWords(why)
        for (place, step) in why.steps.enumerated() {
            let note = step.note.map { "  (\(TypedPlace.complete($0)))" } ?? ""
            lines.append("\(place == 0 ? "next:" : "or:  ") \(step.line)\(note)")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func rules(_ why: Why) -> [String] {
        guard !why.view.rules.isEmpty else { return [] }
        var table = Table(indent: "    ")
        for state in why.view.rules {
            table.add(SafeText.line(state.rule.text), RuleWords.standing(state, now: why.now))
        }
        return ["  where the rules stand:"] + table.text.split(separator: "\n").map(String.init)
    }

    private static func values(_ why: Why) -> [String] {
        guard !why.values.isEmpty else { return [] }
        var table = Table(indent: "    ")
        for value in why.values {
            table.add(
                Words.clock(value.at), SafeText.line(value.rule), Words.observed(value.observed, ofRule: value.rule),
                ReportWords.judgement(value.kind))
        }
        return ["  what the monitor found (UTC):"] + table.text.split(separator: "\n").map(String.init)
    }

    private static func lastWords(_ why: Why) -> [String] {
        guard let culprit = why.culprit, !culprit.lines.isEmpty else { return [] }
        return ["  the last lines of \(RunReport.words(culprit.attempt)), attempt \(culprit.attempt.number):"]
            + culprit.lines.map { "    | \(SafeText.outputLine($0))" }
    }
}

/// `why RUN --output json`.
enum WhyJSON {
    static func text(_ why: Why) -> String {
        JSONValue.members([
            "run": RunJSON.value(why.view),
            "exitCode": why.view.state.outcome == nil ? .null : .integer(Int64(ExitCode.of(why.view.state))),
            "reasons": .array(why.reasons.map(JSONValue.string)),
            "values": .array(
                why.values.map {
                    .members([
                        "at": .string($0.at.description), "rule": .string($0.rule), "kind": .string($0.kind.rawValue),
                        "observed": $0.observed.map(JSONValue.number) ?? .null,
                    ])
                }),
            "samples": .array(why.view.state.breaches.compactMap { BreachSamples($0, in: why.view)?.json }),
            "rules": .array(why.view.rules.map(RuleWords.json)),
            "culprit": why.culprit.map(culprit) ?? .null,
            "next": .array(why.steps.map { .members(["command": .string($0.line), "note": .text($0.note)]) }),
        ]).pretty + "\n"
    }

    private static func culprit(_ culprit: (attempt: AttemptID, lines: [String])) -> JSONValue {
        .members([
            "stage": .string(culprit.attempt.stage.text), "part": .string(culprit.attempt.part.rawValue),
            "attempt": .integer(Int64(culprit.attempt.number)),
            "lastLines": .array(culprit.lines.map { .string(SafeText.outputLine($0)) }),
        ])
    }
}
