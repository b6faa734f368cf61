import Foundation
import ShipitActions
import ShipitCore
import ShipitEngine

/// Asks the checks of a plan's stages without a run. Of all that a pipeline holds, checks alone are carried out by a dry-run,
/// those that are commands included: a check reads, by its nature. No stage is.
struct DryRunChecks {
    private let preparation: Preparation
    private let session: Session
    private let secrets: SecretReader

    init(_ preparation: Preparation, _ session: Session) {
        self.preparation = preparation
        self.session = session
        secrets = SecretReader(
            root: preparation.project.root, environment: ProcessInfo.processInfo.environment)
    }

    private var plan: Plan { preparation.plan }

    /// In the order of the plan.
    func ask() async throws -> [AskedSuite] {
        let changing = stagesAfterChanges()
        var asked: [AskedSuite] = []
        for stage in plan.stages where !stage.skipped {
            guard let suite = Self.suite(of: stage), let checks = plan.suites[suite] else { continue }
            let decides = !changing.contains(stage.name)
            asked.append(
                AskedSuite(
                    stage: stage.name, suite: suite, decides: decides,
                    answers: try await answers(to: checks, of: suite, decides: decides)))
        }
        return asked
    }

    private static func suite(of stage: PlannedStage) -> String? {
        guard stage.perform.action == "checks", case .text(let name)? = stage.perform.inputs["suite"] else {
            return nil
        }
        return name.literal
    }

    /// Those that come after something was changed: their checks are about what is not there yet.
    private func stagesAfterChanges() -> Set<StageName> {
        var after: Set<StageName> = []
        var changing: Set<StageName> = []
        for stage in plan.stages {
            let follows = stage.needs.contains { after.contains($0) || changing.contains($0) }
            if follows { after.insert(stage.name) }
            if stage.changes, !stage.skipped { changing.insert(stage.name) }
        }
        return after
    }

    private func answers(
        to checks: [Check], of suite: String, decides: Bool
    ) async throws -> [AskedSuite.Answer] {
        var refused = reasonsNotToAsk(checks, of: suite, decides: decides)
        var found: [String: AskedSuite.Answer] = [:]
        var ready: [Check] = []
        var values: [String] = []
        let tree = try tree(for: checks.filter { refused[$0.name] == nil })
        for check in checks where refused[check.name] == nil {
            do throws(CommandFailure) {
                let read = try secrets(of: check)
                ready.append(try CheckValues(plan: plan, tree: tree, secrets: read).resolve(check))
                values += read.values
            } catch {
                let words = error.message.split(separator: "\n").joined(separator: ";")
                found[check.name] = AskedSuite.Answer(check: check.name, standing: .failed, words: words)
                // Whatever waits for it waits for nothing.
                refused[check.name] = words
            }
        }
        for result in try await run(ready, suite: suite, values, tree) {
            found[result.name] = AskedSuite.Answer(
                check: result.name, standing: AskedSuite.Standing(rawValue: result.standing.rawValue) ?? .failed,
                words: result.reason ?? String(result.evidence.split(separator: "\n").first ?? ""))
        }
        return checks.map { check in
            found[check.name]
                ?? AskedSuite.Answer(
                    check: check.name, standing: .notAsked, words: refused[check.name] ?? "it has no answer")
        }
    }

    private func run(
        _ checks: [Check], suite: String, _ secretValues: [String], _ tree: String?
    ) async throws -> [KeptResult] {
        guard !checks.isEmpty else { return [] }
        let key = SuiteKey(pipeline: plan.pipeline, environment: plan.environment, suite: suite)
        let clock = SystemClock()
        let runner = SuiteRunner(
            ask: { await CheckValues.measure($0, $1) },
            pause: { (span) throws(ActionError) in
                do { try await clock.sleep(span) } catch { throw .cancelled }
            }, now: { clock.now })
        do throws(ActionError) {
            let report = try await runner.run(
                checks, directory: preparation.project.root,
                variables: CommandVariables.outsideOfRuns(
                    plan, caller: ProcessInfo.processInfo.environment, tree: tree, hasRelease: true),
                secretValues: secretValues,
                words: try Self.explained { try Wiring.checkBook(session.stateFolder).words(on: key) })
            return report.record(at: clock.now).results
        } catch {
            throw CommandFailure(.machine, "suite \(suite) could not be asked: \(error)")
        }
    }

    private static func explained<Value>(_ body: () throws -> Value) throws(ActionError) -> Value {
        do { return try body() } catch { throw .failed(ErrorText.failure(error).message) }
    }

    // MARK: What can be asked

    /// By the names of those that only a deployment, or a person, could answer.
    private func reasonsNotToAsk(_ checks: [Check], of suite: String, decides: Bool) -> [String: String] {
        // As written: in the plan the release's values stand in place of the references.
        let written = Dictionary(
            (preparation.pipeline.suites[suite] ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var reasons: [String: String] = [:]
        for check in checks {
            reasons[check.name] = reason(written[check.name] ?? check, decides: decides)
        }
        // A check may stand before the one that it depends on.
        var before = -1
        while reasons.count != before {
            before = reasons.count
            for check in checks where reasons[check.name] == nil {
                guard let other = check.dependsOn.first(where: { reasons[$0] != nil }) else { continue }
                reasons[check.name] = "it depends on \"\(other)\", which is not asked"
            }
        }
        return reasons
    }

    private func reason(_ check: Check, decides: Bool) -> String? {
        if check.isManual { return "only a person can say it" }
        for reference in check.references {
            switch reference {
            case .run, .output, .instance, .item: return "it refers to \(reference), which only a deployment knows"
            case .release, .target:
                if !decides { return "it is about \(reference), which is not live before the deployment" }
            case .previous, .variable, .secret, .environment: continue
            }
        }
        return nil
    }

    private func secrets(of check: Check) throws(CommandFailure) -> [String: String] {
        var names: Set<String> = []
        for case .secret(let name) in check.references { names.insert(name) }
        guard !names.isEmpty else { return [:] }
        return try secrets.read(plan.secrets.filter { names.contains($0.key) }).values
    }

    private func tree(for checks: [Check]) throws -> String? {
        guard checks.flatMap(\.references).contains(where: CheckValues.isTree) else { return nil }
        return try Trees(stateFolder: session.stateFolder).export(preparation.release, from: preparation.releases)
    }
}
