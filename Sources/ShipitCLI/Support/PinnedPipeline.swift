import Foundation
import ShipitCore
import ShipitEngine

/// The pipeline's text that a run was planned from, kept in the run's folder. The run follows its plan; this is for
/// finding its repository, and for telling what was edited meanwhile.
enum PinnedPipeline {
    static func path(inRunFolder folder: String) -> String { folder + "/pipeline.yaml" }

    /// What the pipeline includes, in the same order of folders.
    static func includes(inRunFolder folder: String) -> String { folder + "/includes" }

    /// As it was when the run began; `nil` where the copy is gone.
    static func read(inRunFolder folder: String, file: String, catalog: Catalog) -> PipelineText? {
        try? PipelineText.read(
            path(inRunFolder: folder), shownAs: file, catalog: catalog, includesIn: includes(inRunFolder: folder))
    }

    /// Says so when the pipeline would give another plan today than the one the run follows.
    static func driftWarning(of record: RunRecord, plan: Plan, runFolder: String) -> String? {
        let path = Place.join(record.root, record.file)
        let follows = "the run follows the plan it began with"
        let catalog = Wiring.equipment(ofProject: record.root).catalog
        let now: PipelineText
        do throws(CommandFailure) {
            now = try PipelineText.read(path, shownAs: record.file, catalog: catalog)
        } catch {
            return "\(error.message): \(follows)"
        }
        let before = read(inRunFolder: runFolder, file: record.file, catalog: catalog)
        if let before, before.bytes == now.bytes, before.included == now.included { return nil }
        guard let pipeline = now.pipeline else { return "\(record.file) has mistakes now: \(follows)" }
        let settings = settings(of: plan, before: before?.pipeline)
        var replanned = try? Planner(EnvironmentChoice.complete(pipeline), catalog: catalog).plan(
            plan.release, in: plan.environment, previous: plan.previous, settings: settings)
        // Whether its plugins are what they were is told apart.
        replanned?.plugins = plan.plugins
        guard let replanned, PlanDigest.of(replanned) == PlanDigest.of(plan) else {
            return "\(record.file) was edited since the run began: \(follows)"
        }
        return nil
    }

    /// What `--set` gave: the variables that differ from the pipeline's own.
    private static func settings(of plan: Plan, before: Pipeline?) -> [String: String] {
        guard let before else { return plan.vars }
        let own = EnvironmentChoice.complete(before).environments.first { $0.name == plan.environment }?.vars ?? [:]
        return plan.vars.filter { own[$0.key] != $0.value }
    }
}
