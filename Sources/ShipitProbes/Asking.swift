import ShipitCore
import ShipitEngine

extension ResolvedProbe {
    /// The value of the probe's key, as text that is not empty.
    func subjectText(_ probe: String, _ wanted: String) throws(BadField) -> String {
        guard let text = subject.text, !text.isEmpty else { throw BadField(probe, "must be \(wanted)") }
        return text
    }

    var late: Measurement {
        Measurement(.noAnswer("timed out after \(Words.span(timeout))"), evidence: subject.text ?? "")
    }

    /// Asks on a thread of its own, gives up when the time is up, and hides secrets.
    func onOwnThread(_ body: @escaping @Sendable () throws(BadField) -> Measurement) async -> Measurement {
        await onThread(within: timeout, otherwise: late) {
            do throws(BadField) { return try body() } catch { return error.measurement }
        }.masked(secretValues)
    }

    /// The same of a question that waits without a thread.
    func asked(_ body: () async throws(BadField) -> Measurement) async -> Measurement {
        do throws(BadField) {
            return try await body().masked(secretValues)
        } catch {
            return error.measurement.masked(secretValues)
        }
    }

    /// Runs a program that another project keeps, such as `git` or `psql`.
    func run(_ argv: [String], _ extra: [String: String] = [:]) async -> Result<ChildProcess.Result, NoAnswer> {
        let environment = variables.merging(extra) { $1 }
        let result = await ChildProcess(
            argv: argv, environment: environment, directory: directory, timeout: timeout
        ).run()
        switch result.end {
        case .exited: return .success(result)
        case .signalled(let signal): return .failure(NoAnswer(reason: "\(argv[0]) ended by signal \(signal)"))
        case .timedOut: return .failure(NoAnswer(reason: "timed out after \(Words.span(timeout))"))
        case .notStarted(let reason): return .failure(NoAnswer(reason: reason))
        }
    }

    func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(directory)/\(path)" }
}

extension ChildProcess.Result {
    var output: String { String(decoding: standardOutput, as: UTF8.self) }

    /// What it says about its failure: the last line of its errors.
    var complaint: String {
        let lines = String(decoding: standardError, as: UTF8.self).split(whereSeparator: \.isNewline)
        return Words.excerpt(lines.last { !$0.allSatisfy(\.isWhitespace) }.map(String.init) ?? "it said nothing")
    }

    var isSuccess: Bool { end == .exited(0) }
}

extension Fields {
    func limit(_ name: String, in dimension: Dimension, otherwise usual: String) throws(BadField) -> Limit {
        if let limit = try limit(name, in: dimension) { return limit }
        return try Limit(usual, in: dimension, field: name)
    }

    func word(_ name: String, among words: [String]) throws(BadField) -> String? {
        guard let text = try text(name) else { return nil }
        guard words.contains(text) else {
            throw BadField(name, "\"\(text)\" is none of \(words.joined(separator: ", "))")
        }
        return text
    }

    func duration(_ name: String) throws(BadField) -> TimeSpan? {
        guard let text = try text(name) else { return nil }
        do { return try QuantityParser.duration(text) } catch { throw BadField(name, error.message) }
    }
}
