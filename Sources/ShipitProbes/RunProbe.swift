public import ShipitCore
public import ShipitEngine

/// Runs a command and looks at how it ended and what it printed.
public struct RunProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "run", help: "Run a command and look at its exit status and output.", subject: .command,
        fields: [
            FieldDescription("exit", .number, fallback: "0", help: "The exit status that is expected."),
            FieldDescription("stdout", .textOrPattern, help: "What standard output must contain, or /regex/."),
            FieldDescription("stderr", .textOrPattern, help: "What standard error must contain, or /regex/."),
            FieldDescription("number", .condition(.count), help: "A condition on the first number printed."),
            FieldDescription(
                "count", .textOrPattern,
                help: "Count the lines of standard output that contain this, or /regex/; the number is then that count."
            ),
            FieldDescription("time", .condition(.time), help: "How long it may take."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        let question: Question
        do throws(BadField) {
            question = try Question(request)
        } catch {
            return error.measurement
        }
        let result = await ChildProcess(
            argv: question.argv, environment: request.variables, directory: request.directory, timeout: request.timeout
        ).run()
        return question.judge(result, timeout: request.timeout).masked(request.secretValues)
    }

    private struct Question {
        var argv: [String]
        var exit: Int
        var stdout: TextPattern?
        var stderr: TextPattern?
        var number: Limit?
        var count: TextPattern?
        var time: Limit?

        init(_ request: ResolvedProbe) throws(BadField) {
            let fields = Fields(request)
            switch request.subject {
            case .text(let script):
                argv = shellWords(script, path: request.variables["PATH"] ?? "", directory: request.directory)
            case .list(let words):
                argv = words.compactMap(\.text)
                guard argv.count == words.count, !argv.isEmpty else { throw BadField("run", "must be a list of words") }
            case .map: throw BadField("run", "must be a script or a list of words")
            }
            exit = try fields.number("exit") ?? 0
            stdout = try fields.pattern("stdout")
            stderr = try fields.pattern("stderr")
            number = try fields.limit("number", in: .count)
            count = try fields.pattern("count")
            time = try fields.limit("time", in: .time)
        }

        func judge(_ result: ChildProcess.Result, timeout: TimeSpan) -> Measurement {
            let output = String(decoding: result.standardOutput, as: UTF8.self)
            let errors = String(decoding: result.standardError, as: UTF8.self)
            let said = Words.excerpt(output.isEmpty ? errors : output)
            let evidence =
                "\(words): \(phrase(result.end, timeout)) in \(Words.seconds(result.seconds))"
                + (said.isEmpty ? "" : ", printed \(said)")
            let found = count.map { Double(lines(of: output, with: $0)) } ?? firstNumber(in: output)
            var judgement = Judgement()
            switch result.end {
            case .timedOut, .notStarted:
                return Measurement(.noAnswer(phrase(result.end, timeout)), evidence: evidence)
            case .signalled: judgement.miss("exit", phrase(result.end, timeout))
            case .exited(let code) where code != exit:
                // What it printed is then no answer to the question.
                let last = errors.split(whereSeparator: \.isNewline).last.map { ": \(Words.excerpt(String($0)))" } ?? ""
                judgement.miss("exit", "exit \(code), expected \(exit)\(last)")
            case .exited: judge(output, errors, found, result.seconds, &judgement)
            }
            return judgement.measurement(seconds: result.seconds, number: found, evidence: evidence)
        }

        private func judge(
            _ output: String, _ errors: String, _ found: Double?, _ seconds: Double, _ judgement: inout Judgement
        ) {
            if let stdout, !stdout.matches(output) {
                judgement.miss("stdout", "standard output lacks \(stdout.words); it was \(quoted(output))")
            }
            if let stderr, !stderr.matches(errors) {
                judgement.miss("stderr", "standard error lacks \(stderr.words); it was \(quoted(errors))")
            }
            if let number, found == nil {
                judgement.miss("number", "printed no number, expected \(number.written)")
            } else {
                judgement.expect("number", number, found, "printed", { Words.rounded($0, digits: 6) })
            }
            judgement.expect("time", time, seconds, "took", Words.seconds)
        }

        private func quoted(_ text: String) -> String { text.isEmpty ? "empty" : "\"\(Words.excerpt(text))\"" }

        private func phrase(_ end: ChildProcess.End, _ timeout: TimeSpan) -> String {
            switch end {
            case .exited(let code): "exit \(code)"
            case .signalled(let signal): "ended by signal \(signal)"
            case .timedOut: "timed out after \(Words.span(timeout))"
            case .notStarted(let reason): reason
            }
        }

        private var words: String {
            Words.excerpt(argv.contains("-c") ? argv.last! : argv.joined(separator: " "), limit: 80)
        }
    }
}

private func lines(of text: String, with pattern: TextPattern) -> Int {
    text.split(whereSeparator: \.isNewline).count { pattern.matches(String($0)) }
}

/// The first number in a text: digits with an optional sign, fraction and exponent.
func firstNumber(in text: String) -> Double? {
    guard let match = text.firstMatch(of: /-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?/) else { return nil }
    return Double(match.output.0)
}
