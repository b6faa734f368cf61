import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct EnvironmentChoiceTests {
    func pipeline(_ environments: String...) -> Pipeline {
        Pipeline(name: "deploy", environments: environments.map { Environment(name: $0) })
    }

    func choose(_ given: String?, of pipeline: Pipeline) throws(CommandFailure) -> String {
        try EnvironmentChoice.choose(given, of: EnvironmentChoice.complete(pipeline), questions: nil)
    }

    @Test func `the only environment needs no name, and a pipeline without any has one called default`() throws {
        #expect(try choose(nil, of: pipeline("prod")) == "prod")
        #expect(try choose(nil, of: pipeline()) == "default")
        #expect(try choose("default", of: pipeline()) == "default")
    }

    @Test func `several ask for a name, and list what there is`() throws {
        let failure = try #require(throws: CommandFailure.self) { try choose(nil, of: pipeline("staging", "prod")) }
        #expect(failure.exitCode == 2)
        #expect(failure.message.contains("staging, prod"))
        #expect(try choose("prod", of: pipeline("staging", "prod")) == "prod")
    }

    @Test func `an unknown one is exit code 2 with the nearest as a hint`() throws {
        let failure = try #require(throws: CommandFailure.self) {
            try choose("stagin", of: pipeline("staging", "prod"))
        }
        #expect(failure.exitCode == 2)
        #expect(failure.hint == "did you mean --env staging?")
    }
}

@Suite(.timeLimit(.minutes(3)))
struct PinnedPipelineTests {
    static let text = """
        shipit: 1
        name: deploy
        environments:
          prod: {vars: {color: red}}
        stages:
          one: {run: [echo, "${{ vars.color }}"]}

        """

    let scratch: ScratchFolder
    let release = Release(tag: "v1", version: "1", commit: "c", tagObject: "c")

    init() throws {
        scratch = try ScratchFolder()
        try scratch.write("run/pipeline.yaml", Self.text)
    }

    func warning(nowThat text: String, settings: [String: String] = [:]) throws -> String? {
        let file = try scratch.write("pipelines/deploy.yaml", text)
        let pinned = try #require(
            PinnedPipeline.read(inRunFolder: scratch.path + "/run", file: file, catalog: Wiring.catalog)?.pipeline)
        let plan = try Planner(pinned, catalog: Wiring.catalog).plan(
            release, in: "prod", previous: nil, settings: settings)
        let created = RunCreated(
            run: "r", pipeline: "deploy", environment: "prod", release: release, planDigest: PlanDigest.of(plan),
            startedBy: "ana")
        let record = RunRecord(
            created: created, root: scratch.path, file: "pipelines/deploy.yaml", startedAt: Instant(milliseconds: 0),
            summary: RunSummaryState(state: .interrupted), lastSequence: 2)
        return PinnedPipeline.driftWarning(of: record, plan: plan, runFolder: scratch.path + "/run")
    }

    @Test func `an untouched pipeline, and one with another comment, say nothing`() throws {
        #expect(try warning(nowThat: Self.text) == nil)
        #expect(try warning(nowThat: Self.text + "# a remark\n") == nil)
        #expect(try warning(nowThat: Self.text + "# a remark\n", settings: ["color": "blue"]) == nil)
    }

    @Test func `an edited stage and an edited variable are reported`() throws {
        for (before, after) in [("echo", "printf"), ("red", "green")] {
            let edited = Self.text.replacing(before, with: after)
            #expect(try warning(nowThat: edited)?.contains("was edited") == true)
        }
    }

    @Test func `a pipeline that is broken or gone now is reported, too`() throws {
        #expect(try warning(nowThat: "stages: [")?.contains("has mistakes") == true)
        #expect(try warning(nowThat: "")?.contains("has mistakes") == true)
    }
}
