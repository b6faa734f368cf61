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

        let stage = PlannedStage(
            name: "push", perform: perform, undo: .call(undo), finally: try words("end", "${{ target.version }}"),
            verify: try words("look"))
        let previews = await Previews(plan: plan([stage]), project: project, actions: Wiring.actions).all()

        #expect(
            previews["push"] == [
                .perform: .commands(["push '<stages.build.outputs.path>' /state/trees/new '<run.id>'"]),
                .rollback: .commands(["back to 1 /state/trees/old"]), .finally: .commands(["end 2"]),
                .verify: .commands(["look"]),
            ])
        let values = PreviewValues(release: ReleaseFacts(release: Self.release), target: nil)
        #expect(values.template(try Template(parsing: "a ${{ secrets.TOKEN }}")).literal == "a ***")
    }

    @Test func `a skipped stage shows nothing, and an unknown action is opaque`() async throws {
        let stages = [
            PlannedStage(name: "off", perform: .script("true"), skipped: true),
            PlannedStage(name: "odd", perform: ActionCall(action: "nobody/knows")),
        ]

        let previews = await Previews(
            plan: plan(stages), project: Project(root: "/root", stateFolder: "/state"), actions: Wiring.actions
        ).all()

        #expect(previews["off"] == nil)
        #expect(previews["odd"] == [.perform: .opaque("no action is called \"nobody/knows\"")])
    }

    @Test func `what an action cannot say is opaque with its reason, whatever part of a stage it is`() async throws {
        let call = ActionCall(action: "rolling-restart", inputs: ["instances": .text(Template(literal: "2"))])
        let stage = PlannedStage(
            name: "odd", perform: call, undo: .call(call), finally: call, verify: ActionCall(action: "checks"))
        let facts = PlanFacts(
            plan: plan([stage]), digest: "sha256:0",
            previews: await Previews(
                plan: plan([stage]), project: Project(root: "/", stateFolder: "/state"), actions: Wiring.actions
            ).all())

        #expect(facts.opaque.map(\.part) == StagePart.allCases)
        for part in StagePart.allCases {
            guard case .opaque(let reason)? = facts.preview(part, of: stage) else {
                Issue.record("\(part) is not opaque")
                continue
            }
            #expect(reason.contains("input"), "\(reason)")
        }
    }
}
