import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct PreviewTests {
    static let release = Release(tag: "v2", version: "2", commit: "new", tagObject: "new")
    static let previous = Release(tag: "v1", version: "1", commit: "old", tagObject: "old")

    func plan(_ stages: [PlannedStage], previous: Release? = previous) -> Plan {
        Plan(pipeline: "p", environment: "e", release: Self.release, previous: previous, stages: stages)
    }

    func words(_ texts: String...) throws -> ActionCall { .argv(try texts.map { try Template(parsing: $0) }) }

    @Test func `secrets are stars, and what is not known yet says where it comes from`() async throws {
        let perform = try words("push", "${{ stages.build.outputs.path }}", "${{ release.tree }}", "${{ run.id }}")
        let undo = try words("back", "to", "${{ target.version }}", "${{ target.tree }}")
        let project = Project(root: "/root", stateFolder: "/state")

        let lines = await Previews(
            plan: plan([PlannedStage(name: "push", perform: perform, undo: .call(undo))]), project: project
        ).lines()

        #expect(lines.perform["push"] == ["push '<stages.build.outputs.path>' /state/trees/new '<run.id>'"])
        #expect(lines.undo["push"] == ["back to 1 /state/trees/old"])
        let values = PreviewValues(release: ReleaseFacts(release: Self.release), target: nil)
        #expect(values.template(try Template(parsing: "a ${{ secrets.TOKEN }}")).literal == "a ***")
    }

    @Test func `a skipped stage shows nothing, and an unknown action is opaque`() async throws {
        let stages = [
            PlannedStage(name: "off", perform: .script("true"), skipped: true),
            PlannedStage(name: "odd", perform: ActionCall(action: "nobody/knows")),
        ]

        let lines = await Previews(plan: plan(stages), project: Project(root: "/root", stateFolder: "/state")).lines()

        #expect(lines.perform["off"] == nil)
        #expect(lines.perform["odd"] == nil)
    }
}
