import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct StageGraphTests {
    func paints(_ story: Story) -> [String] {
        StageGraph(story.view).stages.map { $0.standing.map { "\($0.paint): \($0.words)" } ?? "none" }
    }

    @Test func `a run's stages have the words of status as their colours`() {
        #expect(
            paints(.running()) == ["succeeded: succeeded", "running: running", "pending: pending", "pending: pending"])
        #expect(paints(.interrupted())[1] == "interrupted: interrupted")
        #expect(paints(.paused())[1] == "unknown: unknown")
    }

    @Test func `what was undone has a colour of its own, and what failed stays red`() {
        #expect(
            paints(.rolledBack()) == [
                "succeeded: succeeded", "undone: undone", "undone: undone", "failed: failed",
            ])
        #expect(paints(.undoFailed())[1] == "failed: succeeded, undo failed")
    }

    @Test func `points of no return and the beginning of the monitoring are marked`() {
        let plan = Story.plan(migrate: { $0.reversible = .no }, monitor: Story.monitor)

        let graph = StageGraph(plan, title: "deploy")

        #expect(graph.stages[1].marks == [.noReturn])
        #expect(graph.stages[1].subtitle == "run · no return")
        #expect(graph.stages[2].marks == [.monitoredFromHere])
        #expect(graph.stages.map(\.changes) == [true, true, true, false])
    }
}

@Suite(.timeLimit(.minutes(3)))
struct PipelineSketchTests {
    func sketch(_ text: String) throws -> PipelineSketch {
        let scratch = try ScratchFolder()
        let reading = try PipelineText.read(
            try scratch.write("deploy.yaml", text), shownAs: "deploy.yaml", catalog: Wiring.catalog)
        return PipelineSketch(
            EnvironmentChoice.complete(try #require(reading.pipeline, "\(reading.rendered)")), catalog: Wiring.catalog)
    }

    static let two = """
        shipit: 1
        name: deploy
        environments:
          staging: {vars: {size: small}}
          production: {vars: {size: large}}
        stages:
          a: {run: [echo, "${{ vars.size }}"]}

        """

    @Test func `stages that are the same everywhere need no environment, whatever they are given`() throws {
        let sketch = try sketch(Self.two)

        #expect(!sketch.dependsOnEnvironment)
        #expect(try sketch.graph(in: nil).title == "deploy: 1 stage")
    }

    @Test func `a condition or items that ask for the environment make it needed`() throws {
        let conditional = try sketch(Self.two + "  b: {if: environment == \"production\", run: echo b}\n")
        #expect(conditional.dependsOnEnvironment)
        #expect(try conditional.graph(in: "staging").stages[1].standing?.paint == .skipped)
        #expect(try conditional.graph(in: "production").stages[1].standing == nil)
        #expect(try sketch(Self.two + "  b: {for-each: [\"${{ vars.size }}\"], run: echo b}\n").dependsOnEnvironment)
    }

    @Test func `items that only a release tells are shown as they were written`() throws {
        let sketch = try sketch(
            """
            shipit: 1
            name: deploy
            stages:
              a: {for-each: [one, "${{ release.version }}"], run: [echo, "${{ item }}"]}
              b: {needs: [a], if: release.tag != "v1", run: echo b}
            """)

        let graph = try sketch.graph(in: nil)

        #expect(graph.stages.map(\.name) == ["a[one]", "a[${{ release.version }}]", "b"])
        #expect(graph.stages[2].needs == [0, 1])
        #expect(graph.stages[2].marks == [.conditional])
        #expect(graph.stages[2].standing == nil)
    }
}
