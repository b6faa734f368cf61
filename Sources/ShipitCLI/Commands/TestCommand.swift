import ArgumentParser
import ShipitCore

struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run the tests: of pipelines on the engine's core with a virtual clock.",
        discussion: """
            Needs no git and no network, and executes nothing. Without --pipeline, every pipelines/*.yaml that has tests \
            is tested. Ends with 0 when all pass, 3 when one fails, 2 when a pipeline has mistakes or there is no test.
            """)

    enum Form: String, ExpressibleByArgument, CaseIterable {
        case text, json, junit
    }

    @OptionGroup var place: PlaceOptions

    @Option(help: ArgumentHelp("The pipeline: pipelines/NAME.yaml. Default: all that have tests.", valueName: "name"))
    var pipeline: String?

    @Option(help: ArgumentHelp("The form of the result: text, json or junit.", valueName: "form"))
    var output: Form = .text

    func run() throws {
        let streams = Streams()
        let project = try place.place().project()
        let results = try files(of: project, streams).flatMap { file in
            try Self.results(of: EnvironmentChoice.complete(file.pipeline), catalog: file.equipment.catalog)
        }
        guard !results.isEmpty else {
            throw CommandFailure(
                .usage, "there is no test to run",
                hint: "write some under tests: in \(pipeline.map { "pipelines/\($0).yaml" } ?? "a pipeline")")
        }
        let report = TestReport(results: results)
        switch output {
        case .text: streams.result(report.text)
        case .json: streams.result(report.json.pretty + "\n")
        case .junit: streams.result(report.junit)
        }
        try RunEnd.leave(with: results.allSatisfy(\.hasPassed) ? 0 : 3)
    }

    /// Those named, or all; the mistakes of all of them are shown before any is run.
    private func files(of project: Project, _ streams: Streams) throws -> [PipelineFile] {
        if let pipeline { return [try load(pipeline, project, streams)] }
        let names = PipelineFile.all(of: project)
        guard !names.isEmpty else { throw CommandFailure(.usage, "\(project.root)/pipelines holds no *.yaml") }
        var files: [PipelineFile] = []
        var failure: (any Error)?
        for name in names {
            do { files.append(try load(name, project, streams)) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
        return files
    }

    private func load(_ name: String, _ project: Project, _ streams: Streams) throws -> PipelineFile {
        let file = try PipelineFile.load(name, of: project, says: streams)
        // One without tests is none of this command's business.
        if !file.pipeline.tests.isEmpty { try file.refuseWhatIsNotEnforced() }
        return file
    }

    static func results(of pipeline: Pipeline, catalog: Catalog) throws -> [TestReport.Result] {
        let planner = Planner(pipeline, catalog: catalog)
        return try pipeline.tests.map { test in
            let plan = try planner.plan(
                madeUp("v0.0.0-test"), in: test.environment ?? pipeline.environments[0].name,
                previous: madeUp("v0.0.0-live"))
            // Not one a core: a test must come out the same on every machine.
            let run = test.rehearse(plan, jobs: max(1, plan.stages.count))
            return TestReport.Result(
                pipeline: pipeline.name, test: test, run: run, mismatches: test.mismatches(run))
        }
    }

    private static func madeUp(_ tag: String) -> Release {
        let commit = String(repeating: tag == "v0.0.0-test" ? "1" : "0", count: 40)
        return Release(tag: tag, version: String(tag.dropFirst()), commit: commit, tagObject: commit)
    }
}
