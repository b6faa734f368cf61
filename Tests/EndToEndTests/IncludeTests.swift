import Foundation
import Testing

/// Pipelines of several files, with the built program.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct IncludeTests {
    static let pipeline = """
        shipit: 1
        include: [common/stages.yaml]
        environments: {production: {}}
        stages:
          last: {needs: [first], run: "exit 1", on-exhausted: pause}
        """
    static let stages = "include: common/more/first.yaml\nstages:\n  other: {run: echo other}\n"
    static let first = "stages:\n  first: {run: echo first, rollback: echo back}\n"

    private func project(_ files: [String: String] = [:]) async throws -> ScratchProject {
        let own = ["pipelines/common/stages.yaml": Self.stages, "pipelines/common/more/first.yaml": Self.first]
        return try await ScratchProject(Self.pipeline, files: own.merging(files) { _, given in given })
    }

    @Test func `what is included is validated, drawn, planned, simulated and deployed`() async throws {
        let project = try await project()
        try await project.shipit("validate").exits(0).says("no errors")
        try await project.shipit("graph").exits(0).says("first", "other")
        try await project.shipit("plan", "v1.0.0").exits(0).says("echo first")
        try await project.shipit("simulate", "v1.0.0").says("first")
        try await project.shipit("deploy", "v1.0.0").exits(6)
    }

    @Test func `a mistake in an included file is shown there`() async throws {
        let project = try await project([
            "pipelines/common/more/first.yaml": "stages:\n  first: {run: x, tiemout: 5m}\n"
        ])
        try await project.shipit("validate").exits(2).says("pipelines/common/more/first.yaml:2:19", "tiemout")
    }

    @Test func `an included file that is edited meanwhile is reported, and the run goes on with what it began with`()
        async throws
    {
        let project = try await project()
        try await project.shipit("deploy", "v1.0.0").exits(6)
        try project.write("pipelines/common/more/first.yaml", Self.first.replacing("echo back", with: "echo other way"))

        try await project.shipit("resume").exits(6).says("was edited since the run began")
    }

    @Test func `nothing outside the pipeline's folder is read, and nothing is waited for`() async throws {
        let project = try await project()
        let file = project.path("pipelines/common/more/first.yaml")
        let outside = project.path("outside.yaml")
        try Data(Self.first.utf8).write(to: URL(filePath: outside))
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: outside)
        try await project.shipit("validate").exits(2).says("unreadable-include", "link")

        try FileManager.default.removeItem(atPath: file)
        #expect(mkfifo(file, 0o600) == 0)
        try await project.shipit("validate").exits(2).says("is no file")

        try FileManager.default.removeItem(atPath: project.path("pipelines/common/more"))
        try FileManager.default.createSymbolicLink(
            atPath: project.path("pipelines/common/more"), withDestinationPath: project.path("."))
        try await project.shipit("validate").exits(2).says("unreadable-include", "link")
    }
}
