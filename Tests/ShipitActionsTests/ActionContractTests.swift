import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitActions

/// What the engine and the language may rely on, of every action.
@Suite(.timeLimit(.minutes(3)))
struct ActionContractTests {
    @Test func `the actions are these`() {
        #expect(
            BuiltinActions.all().map(\.description.name) == [
                "run", "checks", "backup/sqlite", "restore", "migrate", "rolling-restart", "build-image",
            ])
    }

    @Test(arguments: BuiltinActions.all().map(\.description))
    func `descriptions are complete and agree with themselves`(description: ActionDescription) {
        let names = description.inputs.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(!description.help.isEmpty && description.inputs.allSatisfy { !$0.help.isEmpty })
        for input in description.inputs {
            #expect(!(input.required && input.fallback != nil), "\(input.name) is required and has a default")
            if case .choice(let words) = input.type { #expect(input.fallback.map(words.contains) ?? true) }
        }
        // Who says that it can verify is asked to; who cannot must not leave it at that.
        #expect(description.verifies || description.onInterrupt != .verify)
    }

    @Test(arguments: BuiltinActions.all().map(\.description.name))
    func `without inputs nothing is run and the trouble is the input's`(name: String) async throws {
        let action = try #require(BuiltinActions.all().first { $0.description.name == name })
        try await Scene.with { scene in
            let context = try scene.context([:], tree: scene.root)
            for failure in [
                await error { () throws(ActionError) in _ = try await action.preview(context) },
                await error { () throws(ActionError) in _ = try await action.perform(context) },
            ] {
                guard case .badInput = failure else {
                    Issue.record("\(name): \(String(describing: failure))")
                    continue
                }
            }
            #expect(scene.world.started.isEmpty)
        }
    }

    @Test(arguments: ["backup/sqlite", "restore", "checks", "build-image"])
    func `an undo that has nothing to do does nothing`(name: String) async throws {
        let action = try #require(BuiltinActions.all().first { $0.description.name == name })
        #expect(action.description.undo == .nothing)
        try await Scene.with { scene in
            try await action.undo(try scene.context([:], part: .undo))
            #expect(scene.world.started.isEmpty)
        }
    }
}
