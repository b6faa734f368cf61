import Foundation
import ShipitCore
import ShipitEngine

/// What a run that began earlier needs to be driven again: secrets read anew, trees, its folder.
struct RunPreparation {
    let session: Session
    let jobs: Int
    /// Whether to stay where only people can move the run on.
    var staysForPeople = false
    /// Whether to go on without a tree that cannot be exported any more: a way back must not depend on the tag's being
    /// there still.
    let bearsMissingTrees: Bool
    /// Whether to go on with plugins that are not what the plan was made with: a way back by what is there is better than none.
    var bearsChangedPlugins: Bool { bearsMissingTrees }

    func resources(_ reading: RunReading) async throws -> RunResources {
        let record = reading.record
        let plan = reading.state.plan
        let equipment = try equipment(of: record, plan)
        let secrets = try SecretReader(root: record.root, environment: ProcessInfo.processInfo.environment)
            .read(plan.secrets)
        for warning in secrets.warnings { session.streams.warning(warning) }
        let folder = session.folder(of: record.created.run)
        return RunResources(
            folder: folder, equipment: equipment, secrets: secrets.values,
            releaseTree: try tree(of: plan.release, record),
            previousTree: try plan.previous.flatMap { try tree(of: $0, record) }, jobs: jobs,
            staysForPeople: staysForPeople)
    }

    /// What was signed is what runs, or nothing does.
    private func equipment(of record: RunRecord, _ plan: Plan) throws -> Equipment {
        let equipment = Wiring.equipment(ofProject: record.root)
        guard let drift = equipment.drift(from: plan) else { return equipment.held(to: plan) }
        guard bearsChangedPlugins else {
            throw CommandFailure(
                .refused, drift,
                hint: "bring it back as it was, or undo the run: shipit rollback \(record.created.run)")
        }
        session.streams.warning(drift)
        return equipment
    }

    private func tree(of release: Release, _ record: RunRecord) throws -> String? {
        let trees = Trees(stateFolder: session.stateFolder)
        if let tree = trees.existing(release) { return tree }
        do {
            return try trees.export(release, from: releases(of: record))
        } catch {
            guard bearsMissingTrees else { throw error }
            let failure = ErrorText.failure(error)
            session.streams.warning("the tree of \(release.tag) is not there: \(failure.message)")
            return nil
        }
    }

    /// Where the run's releases come from.
    func releases(of record: RunRecord) throws -> Releases {
        let catalog = Wiring.equipment(ofProject: record.root).catalog
        let pinned = PinnedPipeline.read(
            inRunFolder: session.folder(of: record.created.run), file: record.file, catalog: catalog)
        let pipeline =
            pinned?.pipeline
            ?? (try? PipelineText.read(
                Place.join(record.root, record.file), shownAs: record.file, catalog: catalog))?.pipeline
        return try Releases(
            pipeline?.release, of: Project(root: record.root, stateFolder: session.stateFolder),
            freshness: .wished(session.streams))
    }
}
