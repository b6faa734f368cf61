import ShipitActions
import ShipitCore
import ShipitEngine

/// What came of a suite, for other programs.
struct CheckForms {
    private let outcome: SuiteOutcome
    private var results: [CheckResult] { outcome.report.results }
    private var failures: [CheckResult] { outcome.report.blockers }

    init(_ outcome: SuiteOutcome) { self.outcome = outcome }

    // MARK: JSON

    var json: JSONValue {
        .members([
            "suite": .string(outcome.key.suite), "pipeline": .string(outcome.key.pipeline),
            "environment": .string(outcome.key.environment), "verdict": outcome.isGo ? "GO" : "NO-GO",
            "at": .string(outcome.record.at.description), "seconds": .number(outcome.duration.seconds),
            "passed": .integer(Int64(results.count(where: \.passed))),
            "warnings": .integer(Int64(outcome.report.warnings.count)), "failed": .integer(Int64(failures.count)),
            "checks": .array(results.map(json)), "lastGreen": .text(outcome.green?.at.description),
            "changes": .array(
                outcome.changes.map { change in
                    .members([
                        "name": .string(change.name), "before": .text(change.before?.rawValue),
                        "after": .text(change.after?.rawValue),
                    ])
                }),
        ])
    }

    private func json(_ result: CheckResult) -> JSONValue {
        let check = result.check
        return .members([
            "name": .string(check.name), "severity": .string(check.severity.rawValue), "owner": .text(check.owner),
            "standing": .string(result.standing.rawValue), "reason": .text(result.reason), "leave": .text(result.leave),
            "question": .string(check.question), "evidence": .string(result.evidence),
            "at": .string(result.at.description), "seconds": result.seconds.map(JSONValue.number) ?? .null,
            "number": result.number.map(JSONValue.number) ?? .null,
            "figures": .object(
                result.figures.sorted { $0.key < $1.key }.map {
                    JSONValue.Member(key: $0.key, value: .number($0.value))
                }),
            "tries": .integer(Int64(result.tries)), "believed": .bool(result.isBelieved),
            "remediation": .text(check.remediation),
        ])
    }

    // MARK: JUnit

    var junit: String {
        let suite = XMLText.escaped("\(outcome.key.pipeline).\(outcome.key.suite)")
        let seconds = XMLText.escaped(Words.short(outcome.duration.seconds))
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        text += "  <testsuite name=\"\(suite)\" tests=\"\(results.count)\" failures=\"\(failures.count)\""
        text += " time=\"\(seconds)\" timestamp=\"\(outcome.record.at)\">\n"
        for result in results {
            text += "    <testcase classname=\"\(suite)\" name=\"\(XMLText.escaped(result.check.name))\""
            text += " time=\"\(Words.short(result.seconds ?? 0))\">\n"
            if result.blocks {
                text += "      <failure message=\"\(XMLText.escaped(result.reason ?? ""))\">"
                text += "\(XMLText.escaped(result.check.remediation ?? ""))</failure>\n"
            }
            let said = [result.blocks ? nil : result.reason, result.leave, result.evidence].compactMap(\.self)
            text += "      <system-out>\(XMLText.escaped(said.joined(separator: "\n")))</system-out>\n"
            text += "    </testcase>\n"
        }
        return text + "  </testsuite>\n</testsuites>\n"
    }

    // MARK: TAP

    var tap: String {
        var text = "TAP version 13\n1..\(results.count)\n"
        for (place, result) in results.enumerated() {
            let name = SafeText.line(result.check.name).replacing("#", with: "\\#")
            text += "\(result.blocks ? "not ok" : "ok") \(place + 1) - \(name)"
            text += result.passed || result.blocks ? "\n" : " # \(result.standing.rawValue)\n"
            let facts = [
                ("severity", result.check.severity.rawValue), ("message", result.reason), ("leave", result.leave),
                ("evidence", result.evidence), ("remediation", result.passed ? nil : result.check.remediation),
            ]
            text += "  ---\n"
            for case (let key, let value?) in facts where !value.isEmpty {
                // JSON's quotation is YAML's, too.
                text += "  \(key): \(JSONValue.string(value).compact)\n"
            }
            text += "  ...\n"
        }
        return text
    }

    // MARK: Nagios

    /// The line of a plugin, and the code that says the same.
    var nagios: (line: String, code: Int32) {
        let warnings = outcome.report.warnings
        let (word, code): (String, Int32) =
            !outcome.isGo ? ("CRITICAL", 2) : warnings.isEmpty ? ("OK", 0) : ("WARNING", 1)
        var said = "\(results.count) checks passed"
        if !outcome.isGo || !warnings.isEmpty {
            said = (outcome.isGo ? warnings : failures)
                .map { "\($0.check.name): \($0.reason ?? "did not pass")" }.joined(separator: "; ")
        }
        let line = SafeText.joined("SHIPIT \(word) - \(outcome.key.suite): \(said)").replacing("|", with: "/")
        let passed = results.count(where: \.passed)
        return (
            "\(line) | passed=\(passed) warnings=\(warnings.count) failed=\(failures.count) "
                + "time=\(Words.short(outcome.duration.seconds))s\n", code
        )
    }
}

/// Text as XML holds it: what XML cannot hold at all is escaped as on a terminal.
enum XMLText {
    static func escaped(_ text: String) -> String {
        let safe = text.split(separator: "\n", omittingEmptySubsequences: false).map { SafeText.line(String($0)) }
        return safe.joined(separator: "\n").map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            default: String(character)
            }
        }.joined()
    }
}
