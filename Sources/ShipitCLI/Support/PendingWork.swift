import Foundation
import ShipitCore
import ShipitEngine

/// What stages with a list of things to do would still have to do, asked of the world: which migrations are pending.
enum PendingWork: Hashable, Sendable {
    case names([String])
    /// Why nobody knows.
    case unknown(String)

    /// A status that takes longer tells nothing to somebody who only looks.
    private static let patience = TimeSpan.seconds(30)

    /// Nothing stays behind: all that is needed lies in a temporary folder.
    static func of(_ preparation: Preparation) async -> [StageName: PendingWork] {
        await answers(of: preparation, from: { $0 is any TellsPending }) { question, stage, limit in
            do throws(ActionError) { return .success(try await question.ask(stage, within: limit)) } catch {
                return .failure(error)
            }
        }
    }

    /// What plugins would do, each asked by its `preview`.
    static func previews(of preparation: Preparation) async -> [StageName: PendingWork] {
        await answers(of: preparation, from: { $0 is any PreviewsByCommand }) { question, stage, limit in
            do throws(ActionError) { return .success(try await question.preview(stage, within: limit)) } catch {
                return .failure(error)
            }
        }
    }

    private typealias Asking =
        @Sendable (PendingQuestion, PlannedStage, TimeSpan) async -> Result<[String]?, ActionError>

    private static func answers(
        of preparation: Preparation, from isAsked: (any Action) -> Bool, _ ask: Asking
    ) async -> [StageName: PendingWork] {
        let names = Set(preparation.file.equipment.actions.filter(isAsked).map(\.description.name))
        let asked = preparation.plan.stages.filter { !$0.skipped && names.contains($0.perform.action) }
        guard !asked.isEmpty else { return [:] }
        let folder = FileManager.default.temporaryDirectory.path + "/shipit-plan-\(UUID().uuidString)"
        defer { remove(folder) }
        var found: [StageName: PendingWork] = [:]
        for stage in asked { found[stage.name] = await answer(stage, preparation, in: folder, ask) }
        return found
    }

    private static func answer(
        _ stage: PlannedStage, _ preparation: Preparation, in folder: String, _ ask: Asking
    ) async -> Self {
        do {
            let values = try secrets(of: stage, preparation)
            let resources = RunResources(
                folder: folder, equipment: preparation.file.equipment, secrets: values,
                releaseTree: try tree(preparation, in: folder), jobs: 1)
            let parts = Wiring.parts(
                PendingQuestion.run, epoch: Epoch(1), store: preparation.store, resources: resources)
            let question = PendingQuestion(preparation.plan, root: preparation.project.root, parts: parts)
            let answer = await ask(question, stage, min(stage.timeout, patience))
            try await parts.processes.finish()
            return .names(try answer.get() ?? [])
        } catch let error as ActionError {
            return .unknown(error.reason)
        } catch {
            return .unknown(ErrorText.failure(error).message)
        }
    }

    private static func secrets(
        of stage: PlannedStage, _ preparation: Preparation
    ) throws(ActionError) -> [String: String] {
        let access = preparation.file.equipment.catalog.actions[stage.perform.action]?.access
        let names = PendingQuestion.secrets(of: stage, access: access)
        let reader = SecretReader(
            root: preparation.project.root, environment: ProcessInfo.processInfo.environment)
        do throws(CommandFailure) {
            return try reader.read(preparation.plan.secrets.filter { names.contains($0.key) }).values
        } catch {
            // Who only looks need not be able to deploy.
            let reasons = error.message.split(separator: "\n").dropFirst().joined(separator: ";")
            throw .failed("it would be asked with a secret, and there is none:\(reasons)")
        }
    }

    /// Where an earlier run has left it, or a copy of its own.
    private static func tree(_ preparation: Preparation, in folder: String) throws -> String {
        let release = preparation.release
        if let tree = Trees(stateFolder: preparation.project.stateFolder).existing(release) { return tree }
        return try Trees(stateFolder: folder).export(release, from: preparation.releases)
    }

    /// Exported trees are read-only. Best effort: what stays is in the temporary folder.
    private static func remove(_ folder: String) {
        let files = FileManager.default
        for path in files.enumerator(atPath: folder).map({ Array($0) }) ?? [] {
            guard let path = path as? String, Place.isFolder(folder + "/" + path) else { continue }
            chmod(folder + "/" + path, 0o700)
        }
        try? files.removeItem(atPath: folder)
    }
}
