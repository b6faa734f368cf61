import Foundation
import ShipitCore
import ShipitEngine
import ShipitPlugins

/// Tries a plugin in temporary folders, with real processes.
struct PluginTrial {
    struct Result: Sendable {
        var stage: PlannedStage
        var findings: [TrialFinding]
        var hasPassed: Bool { findings.allSatisfy { $0.standing != .broken } }
    }

    private let plugin: Plugin
    private let equipment: Equipment
    private let cases: PluginCases
    private let secrets: [String: String]
    private let folder: String

    init(_ plugin: Plugin, _ equipment: Equipment, _ cases: PluginCases) throws {
        self.plugin = plugin
        self.equipment = equipment
        self.cases = cases
        secrets = try SecretReader(root: plugin.folder, environment: ProcessInfo.processInfo.environment)
            .read(cases.plan.secrets).values
        // Short: there will be sockets below it.
        folder = FileManager.default.temporaryDirectory.path + "/shipit-" + UUID().uuidString.prefix(8).lowercased()
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Best effort: what stays is in the temporary folder.
    func clearAway() { try? FileManager.default.removeItem(atPath: folder) }

    func result(of stage: PlannedStage) async -> Result {
        guard let action = plugin.actions.first(where: { $0.description.name == stage.perform.action }),
            let described = plugin.manifest.actions.first(where: {
                plugin.manifest.fullName(of: $0) == stage.perform.action
            })
        else { preconditionFailure("the cases are of this plugin") }
        let offers = ActionContract.Offers(
            preview: described.calls.contains(.preview), verify: described.calls.contains(.verify),
            undo: described.calls.contains(.undo))
        let places = Places(trial: self, stage: stage)
        let contract = ActionContract(action, offers: offers) { () async throws(ActionError) in
            try await places.next()
        }
        return Result(stage: stage, findings: [inputs(described)] + (await contract.findings()))
    }

    private func inputs(_ action: PluginManifest.Action) -> TrialFinding {
        switch cases.findsWrongInputs(of: action, plugin.manifest) {
        case .success(let count):
            TrialFinding(.inputs, .kept, "\(Words.count(count, "mistake")) found by validation, with line and column")
        case .failure(let missed): TrialFinding(.inputs, .broken, missed.what)
        }
    }

    /// New folders, one after the other.
    private actor Places {
        private let trial: PluginTrial
        private let stage: PlannedStage
        private var count = 0

        init(trial: PluginTrial, stage: PlannedStage) {
            self.trial = trial
            self.stage = stage
        }

        func next() throws(ActionError) -> any TrialPlace {
            count += 1
            do {
                return try trial.place(for: stage, "\(stage.name)-\(count)")
            } catch let error as ActionError {
                throw error
            } catch {
                throw .failed(ErrorText.failure(error).message)
            }
        }
    }

    private func place(for stage: PlannedStage, _ name: String) throws -> CommandPlace {
        let own = "\(folder)/\(name)"
        let root = own + "/project"
        let files = FileManager.default
        try files.createDirectory(atPath: own, withIntermediateDirectories: true)
        let given = plugin.folder + "/test"
        if Place.isFolder(given) {
            try files.copyItem(atPath: given, toPath: root)
        }
        for made in ["project/pipelines", "run", "tree"] {
            try files.createDirectory(
                atPath: "\(own)/\(made)", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        let run = RunID("test-\(folder.suffix(8))-\(name)")
        let store = try Wiring.storeForReading(own + "/state")
        return CommandPlace(stage, of: cases.plan, run: run, root: root, runFolder: own + "/run") {
            [equipment, secrets] folder in
            Wiring.parts(
                run, epoch: Epoch(1), store: store,
                resources: RunResources(
                    folder: folder, equipment: equipment, secrets: secrets, releaseTree: own + "/tree", jobs: 1))
        }
    }
}
