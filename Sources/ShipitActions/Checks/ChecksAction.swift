public import ShipitCore
public import ShipitEngine

/// `checks:`: asks a suite. It changes nothing, so after an interruption it is simply asked again.
public struct ChecksAction: Action {
    private let concurrency: Int

    public init(concurrency: Int = SuiteRunner.usualConcurrency) { self.concurrency = concurrency }

    public let description = ActionDescription(
        name: "checks", help: "Ask a suite of checks.",
        inputs: [FieldDescription("suite", .text, required: true, help: "The name of the suite.")],
        outputs: ["passed", "warnings"], changes: false, undo: .nothing, onInterrupt: .rerun, verifies: false)

    public func preview(_ context: ActionContext) async throws(ActionError) -> [String] {
        var lines: [String] = []
        for check in try suite(context).checks {
            let after = check.dependsOn.isEmpty ? "" : " (after \(check.dependsOn.joined(separator: ", ")))"
            lines.append("\(check.name)\(after): \(try Self.question(check.probe, context))")
        }
        return lines
    }

    /// What is asked: the command of a `run` check as it would be run, of another its probe and whom it asks.
    private static func question(_ probe: ProbeRequest, _ context: ActionContext) throws(ActionError) -> String {
        let inputs = ActionInputs(["subject": probe.subject])
        if probe.probe == "run" { return context.line(try Command(inputs.value("subject") ?? .text(""), input: "run")) }
        return "\(probe.probe) \(try inputs.text("subject") ?? "")"
    }

    public func perform(_ context: ActionContext) async throws(ActionError) -> [String: String] {
        let (name, checks) = try suite(context)
        let services = context.services
        let key = SuiteKey(pipeline: context.pipeline, environment: context.environment, suite: name)
        let runner = SuiteRunner(
            concurrency: concurrency, ask: { await services.measure($0, $1) },
            pause: { (span) throws(ActionError) in try await services.sleep(span) }, now: { services.now })
        let report = try await runner.run(
            checks, directory: context.workdir, variables: context.variables, secretValues: context.secretValues,
            words: try words(on: key, about: checks, services), onResult: { services.note($0.line) })
        keep(report.record(at: services.now, run: context.run), of: key, services)
        if let failure = report.failure { throw .failed("suite \"\(name)\": \(failure)") }
        return [
            "passed": String(report.results.count { $0.passed }), "warnings": String(report.warnings.count),
        ]
    }

    /// What people have said is asked for only where it decides. Where it cannot be read, nothing passes for having been said.
    private func words(
        on key: SuiteKey, about checks: [Check], _ services: any ActionServices
    ) throws(ActionError) -> [CheckWord] {
        guard let book = services.checkBook, checks.contains(where: { $0.isManual || $0.severity == .high }) else {
            return []
        }
        do throws(StoreError) {
            return try book.words(on: key)
        } catch {
            throw .failed("suite \"\(key.suite)\": what people have said about it cannot be read: \(error)")
        }
    }

    /// The verdict stands, and is in the journal, whether or not its evidence could be kept, too.
    private func keep(_ record: SuiteRecord, of key: SuiteKey, _ services: any ActionServices) {
        do throws(StoreError) {
            try services.checkBook?.keep(record, of: key)
        } catch {
            services.note("warning: the evidence of suite \"\(key.suite)\" could not be kept: \(error)")
        }
    }

    public func verify(_ context: ActionContext) async throws(ActionError) -> Verification {
        .unknown("checks leave nothing behind; ask them again")
    }

    public func undo(_ context: ActionContext) async throws(ActionError) {
        // Asking changed nothing.
    }

    private func suite(_ context: ActionContext) throws(ActionError) -> (name: String, checks: [Check]) {
        let name = try context.inputs.requiredText("suite")
        guard let checks = context.suites[name] else { throw .badInput("suite", "no suite is called \"\(name)\"") }
        return (name, checks)
    }
}
