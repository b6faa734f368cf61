import ShipitCore

/// How a pipeline's own tests came out.
struct TestReport {
    struct Result {
        var pipeline: String
        var test: PipelineTest
        var run: RehearsedRun
        var mismatches: [PipelineTest.Mismatch]

        var hasPassed: Bool { mismatches.isEmpty }
    }

    var results: [Result]

    private var failures: Int { results.count { !$0.hasPassed } }

    // MARK: Text

    var text: String {
        var text = ""
        for result in results {
            let word = result.hasPassed ? "passed" : "FAILED"
            text += "\(word)  \(SafeText.line(result.pipeline)): \(SafeText.line(result.test.name))\n"
            if !result.hasPassed { text += Self.difference(result) }
        }
        let passed = results.count - failures
        return text + "\n\(Words.count(results.count, "test")): \(passed) passed, \(failures) failed\n"
    }

    private static func difference(_ result: Result) -> String {
        var lines: [String] = []
        for mismatch in result.mismatches {
            lines.append("- \(mismatch.key): \(words(mismatch.expected))")
            lines.append("+ \(mismatch.key): \(words(mismatch.actual))")
        }
        if let reason = reason(result.run) { lines.append("  because: \(SafeText.joined(reason))") }
        let span = result.test.span
        lines.append("  at \(SafeText.line(span.file)):\(span.line)")
        return lines.map { "          \($0)\n" }.joined()
    }

    private static func reason(_ run: RehearsedRun) -> String? { run.state.pausedReason ?? run.state.outcomeReason }

    private static func words(_ value: PipelineTest.Mismatch.Value) -> String {
        switch value {
        case .word(let word): SafeText.line(word)
        case .stages(let names): "[" + names.map { SafeText.line($0.text) }.joined(separator: ", ") + "]"
        case .span(let span): Words.span(span)
        }
    }

    // MARK: JSON

    var json: JSONValue {
        .members([
            "tests": .array(results.map(Self.json)),
            "passed": .integer(Int64(results.count - failures)), "failed": .integer(Int64(failures)),
        ])
    }

    private static func json(_ result: Result) -> JSONValue {
        .members([
            "pipeline": .string(result.pipeline), "name": .string(result.test.name),
            "passed": .bool(result.hasPassed), "outcome": .text(result.run.state.outcome?.rawValue),
            "exitCode": .integer(Int64(result.run.exitCode)),
            "undone": .array(result.run.undone.map { .string($0.text) }),
            "seconds": .number(result.run.duration.seconds), "reason": .text(reason(result.run)),
            "mismatches": .array(
                result.mismatches.map { mismatch in
                    .members([
                        "key": .string(mismatch.key), "expected": json(mismatch.expected),
                        "actual": json(mismatch.actual),
                    ])
                }),
        ])
    }

    private static func json(_ value: PipelineTest.Mismatch.Value) -> JSONValue {
        switch value {
        case .word(let word): .string(word)
        case .stages(let names): .array(names.map { .string($0.text) })
        case .span(let span): .number(span.seconds)
        }
    }

    // MARK: JUnit

    var junit: String {
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text += "<testsuites tests=\"\(results.count)\" failures=\"\(failures)\">\n"
        for pipeline in results.map(\.pipeline).uniqued {
            let own = results.filter { $0.pipeline == pipeline }
            text += "  <testsuite name=\"\(XMLText.escaped(pipeline))\" tests=\"\(own.count)\""
            text += " failures=\"\(own.count { !$0.hasPassed })\">\n"
            for result in own { text += Self.testCase(result) }
            text += "  </testsuite>\n"
        }
        return text + "</testsuites>\n"
    }

    private static func testCase(_ result: Result) -> String {
        let head =
            "    <testcase classname=\"\(XMLText.escaped(result.pipeline))\" name=\"\(XMLText.escaped(result.test.name))\""
        if result.hasPassed { return head + "/>\n" }
        let keys = result.mismatches.map(\.key).joined(separator: ", ")
        return head
            + ">\n      <failure message=\"\(XMLText.escaped(keys)) not as expected\">\(XMLText.escaped(difference(result)))</failure>\n"
            + "    </testcase>\n"
    }
}

extension [String] {
    /// Each once, in the order of their first coming.
    fileprivate var uniqued: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
