import FoundationEssentials
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitActions

@Suite(.timeLimit(.minutes(3)))
struct MigrateTests {
    private let action = MigrateAction()

    /// Migrations are the lines of `all`; those of `applied` are applied.
    private let inputs: [String: InputValue] = [
        "status": "touch applied; grep -vxFf applied all || true",
        "apply": "echo apply >> log; cp all applied",
        "revert": #"echo "revert to $SHIPIT_TARGET_VERSION" >> log; head -n 1 all > applied"#,
    ]

    private func scene(_ body: (Scene) async throws -> Void) async throws {
        try await Scene.with { scene in
            try scene.write("all", "0001 users\n0002 roles\n0003 index\n")
            try scene.write("applied", "0001 users\n")
            try await body(scene)
        }
    }

    @Test func `what is pending is applied, and then nothing is pending`() async throws {
        try await scene { scene in
            let outputs = try await action.perform(try scene.context(inputs))
            #expect(outputs == ["applied": "2", "names": "0002 roles,0003 index"])
            #expect(scene.world.askedSteps == ["status", "apply", "status-after"])
            #expect(scene.world.notes == ["pending: 0002 roles, 0003 index"])
            let again = try await action.perform(try scene.context(inputs, number: 2))
            #expect(again == ["applied": "0", "names": ""])
            #expect(scene.text("log") == "apply\n")
        }
    }

    @Test func `what is pending can be asked before there is a run, with no step and no change`() async throws {
        try await scene { scene in
            #expect(try await action.pending(try scene.context(inputs)) == ["0002 roles", "0003 index"])
            #expect(scene.world.askedSteps.isEmpty)
            #expect(scene.text("log") == nil)
            let failing = try scene.context(inputs.merging(["status": "exit 3"]) { $1 }, number: 2)
            #expect(
                await error { () throws(ActionError) in _ = try await action.pending(failing) }
                    == .command(.exited(3), what: "exit 3"))
        }
    }

    @Test func `an apply that leaves something pending is no success`() async throws {
        try await scene { scene in
            let context = try scene.context(inputs.merging(["apply": "head -n 2 all > applied"]) { $1 })
            #expect(
                await error { () throws(ActionError) in _ = try await action.perform(context) }
                    == .failed("still pending after it was applied: 0003 index"))
        }
    }

    @Test func `a status or an apply that fails is a failure`() async throws {
        try await scene { scene in
            let status = try scene.context(inputs.merging(["status": "exit 3"]) { $1 })
            #expect(
                await error { () throws(ActionError) in _ = try await action.perform(status) }
                    == .command(.exited(3), what: "exit 3"))
            let apply = try scene.context(inputs.merging(["apply": .list(["false"])]) { $1 }, number: 2)
            #expect(
                await error { () throws(ActionError) in _ = try await action.perform(apply) }
                    == .command(.exited(1), what: "false"))
        }
    }

    @Test func `only the lines that mean pending count`() async throws {
        try await scene { scene in
            let printing = "sed 's/^/[ ] /' all; echo '[X] done'"
            let context = try scene.context([
                "status": .text(Template(literal: "if [ -e log ]; then echo '[X] done'; else \(printing); fi")),
                "pending": #"/^\[ \]/"#, "apply": "echo apply >> log",
            ])
            #expect(try await action.perform(context)["applied"] == "3")
        }
        #expect(try PendingPattern("down").lines(of: "0001 up\n0002 down\n") == ["0002 down"])
        #expect(throws: ActionError.self) { try PendingPattern("/(/") }
    }

    @Test(arguments: ["status", "apply", "status-after"])
    func `after a crash it goes on and applies nothing twice`(step: String) async throws {
        for crash in [World.Crash.before(step), .unrecorded(step), .after(step)] {
            try await scene { scene in
                scene.world.crash(crash)
                let context = try scene.context(inputs)
                #expect(
                    await error { () throws(ActionError) in _ = try await action.perform(context) } == .stopped("crash")
                )
                #expect(try await action.perform(context)["names"] == "0002 roles,0003 index")
                #expect(scene.text("log") == "apply\n")
            }
        }
    }

    @Test func `verify asks the status`() async throws {
        try await scene { scene in
            #expect(try await action.verify(try scene.context(inputs)) == .notDone)
            try scene.write("applied", scene.text("all") ?? "")
            #expect(try await action.verify(try scene.context(inputs, number: 2)) == .done(outputs: [:]))
        }
    }

    @Test func `an undo reverts to the release before`() async throws {
        try await scene { scene in
            _ = try await action.perform(try scene.context(inputs, previous: "1.0.0"))
            try await action.undo(try scene.context(inputs, part: .undo, previous: "1.0.0"))
            #expect(scene.text("log") == "apply\nrevert to 1.0.0\n")
            #expect(scene.text("applied") == "0001 users\n")
        }
    }

    @Test func `without a revert there is no way back`() async throws {
        try await scene { scene in
            var without = inputs
            without["revert"] = nil
            #expect(action.description.undoInput == "revert")
            let none = try scene.context(without, part: .undo, previous: "1.0.0")
            #expect(
                await error { () throws(ActionError) in try await action.undo(none) }
                    == .failedForGood("there is no way back: this migration has no `revert`"))
        }
    }

    @Test func `undoing a first deployment reverts to an empty version`() async throws {
        try await scene { scene in
            try await action.undo(try scene.context(inputs, part: .undo))
            #expect(scene.text("log") == "revert to \n")
        }
    }

    @Test func `the preview says the commands and runs none`() async throws {
        try await scene { scene in
            let context = try scene.context([
                "status": .list(["alembic", "heads"]), "apply": .list(["alembic", "upgrade"]),
            ])
            #expect(
                try await action.preview(context) == [
                    "what is pending: alembic heads", "if anything is: alembic upgrade",
                    "nothing may be pending then: alembic heads",
                ])
            #expect(scene.world.started.isEmpty)
        }
    }
}
