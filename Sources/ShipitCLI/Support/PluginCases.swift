import Foundation
import ShipitCore
import ShipitPlugins

/// What a plugin is tried with: the stages of its `test.yaml`, or one for each action, made of the defaults of the manifest and
/// what the caller gives.
struct PluginCases {
    static let fileName = "test.yaml"

    let plan: Plan
    let stages: [PlannedStage]
    private let equipment: Equipment

    init(
        _ plugin: Plugin, _ equipment: Equipment, inputs: [String], action: String?, says streams: Streams
    ) throws {
        self.equipment = equipment
        let given = try Self.given(inputs, to: plugin)
        let path = Place.join(plugin.folder, Self.fileName)
        let text: PipelineText
        if FileManager.default.fileExists(atPath: path) {
            guard given.isEmpty else {
                throw CommandFailure(
                    .usage, "\(path) says what the plugin is given; --with does not go with it",
                    hint: "change the file, or move it away")
            }
            text = try PipelineText.read(path, shownAs: Self.fileName, catalog: equipment.catalog)
        } else {
            text = try Self.reading(Self.text(plugin.manifest, given), equipment.catalog)
        }
        streams.progress(text.rendered)
        guard let pipeline = text.pipeline else {
            throw CommandFailure(
                .usage, "what the plugin would be given has mistakes; nothing was tried",
                hint: "give what it needs: --with NAME=VALUE, or a pipeline in \(path)")
        }
        plan = try Planner(EnvironmentChoice.complete(pipeline), catalog: equipment.catalog).plan(
            Self.release("v2.0.0"), in: EnvironmentChoice.complete(pipeline).environments[0].name,
            previous: Self.release("v1.0.0"))
        let own = Set(plugin.manifest.actions.map(plugin.manifest.fullName))
        if let other = plan.stages.first(where: { !own.contains($0.perform.action) }) {
            throw CommandFailure(.usage, "stage \(other.name) of \(path) is none of plugin \(plugin.manifest.name)")
        }
        let wanted = action.map { "\(plugin.manifest.name)/\($0)" }
        if let wanted, !own.contains(wanted) {
            throw CommandFailure(.usage, "plugin \(plugin.manifest.name) has no action \"\(action ?? "")\"")
        }
        stages = plan.stages.filter { !$0.skipped && (wanted ?? $0.perform.action) == $0.perform.action }
        guard !stages.isEmpty else { throw CommandFailure(.usage, "\(path) has no stage to try") }
    }

    private static func release(_ tag: String) -> Release {
        let commit = String(repeating: tag == "v2.0.0" ? "2" : "1", count: 40)
        return Release(tag: tag, version: String(tag.dropFirst()), commit: commit, tagObject: commit)
    }

    private static func given(_ inputs: [String], to plugin: Plugin) throws(CommandFailure) -> [String: String] {
        var given: [String: String] = [:]
        for input in inputs {
            guard let sign = input.firstIndex(of: "="), sign != input.startIndex else {
                throw CommandFailure(.usage, "--with \(input): NAME=VALUE is expected")
            }
            let name = String(input[..<sign])
            guard plugin.manifest.actions.contains(where: { $0.input(name) != nil }) else {
                throw CommandFailure(.usage, "--with \(input): no action of the plugin has an input \"\(name)\"")
            }
            given[name] = String(input[input.index(after: sign)...])
        }
        return given
    }

    private static func text(_ manifest: PluginManifest, _ given: [String: String]) -> String {
        var text = "shipit: 1\nname: test\nstages:\n"
        for action in manifest.actions {
            text += stage(action.name, manifest.fullName(of: action), given.filter { action.input($0.key) != nil })
        }
        return text
    }

    private static func stage(_ name: String, _ action: String, _ inputs: [String: String]) -> String {
        let with = inputs.sorted { $0.key < $1.key }.map { "\($0.key): \(JSONValue.string($0.value).compact)" }
        return "  \(name): {uses: \(action), with: {\(with.joined(separator: ", "))}}\n"
    }

    private static func reading(_ text: String, _ catalog: Catalog) throws -> PipelineText {
        let folder = FileManager.default.temporaryDirectory.path + "/shipit-plugin-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // Nobody needs it any more, whatever becomes of it.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/\(fileName)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return try PipelineText.read(path, shownAs: fileName, catalog: catalog)
    }

    // MARK: What validation finds

    /// Tries an unknown input, and each missing and each wrong one that can be told.
    /// - Returns: what was found, or what was not.
    func findsWrongInputs(of action: PluginManifest.Action, _ manifest: PluginManifest) -> Result<Int, Missed> {
        let name = manifest.fullName(of: action)
        var trials = [(inputs: ["no-such-input": "x"], code: "unknown-input")]
        trials += action.inputs.filter(\.required).map { _ in (inputs: [:], code: "missing-input") }.prefix(1)
        trials += action.inputs.compactMap { input in
            Self.wrong(for: input.type).map { (inputs: [input.name: $0], code: "") }
        }
        for trial in trials {
            let text = "shipit: 1\nname: test\nstages:\n" + Self.stage("case", name, trial.inputs)
            guard let found = try? Self.reading(text, equipment.catalog).diagnostics else {
                return .failure(Missed(what: "a pipeline cannot be read"))
            }
            let isFound = found.contains { diagnostic in
                diagnostic.severity == .error && diagnostic.span.line == 4 && diagnostic.span.column > 1
                    && (trial.code.isEmpty ? diagnostic.code != "missing-input" : diagnostic.code == trial.code)
            }
            guard isFound else {
                return .failure(Missed(what: "validation does not find what is wrong with \(trial.inputs)"))
            }
        }
        return .success(trials.count)
    }

    struct Missed: Error { var what: String }

    /// A value that no input of the type can have; `nil` where every text is right.
    private static func wrong(for type: FieldType) -> String? {
        switch type {
        case .number: "many"
        case .boolean: "perhaps"
        case .duration, .size, .ratio: "much"
        case .url: "nowhere"
        default: nil
        }
    }
}
