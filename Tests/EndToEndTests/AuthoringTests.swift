import Foundation
import Testing

/// The commands that authors use before anything is deployed: `graph` and `init`.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct AuthoringTests {
    static let pipeline = """
        shipit: 1
        name: deploy
        environments:
          staging: {vars: {}}
          production: {vars: {}}
        stages:
          look: {checks: look}
          each: {needs: [look], for-each: [one, two], run: "echo done", rollback: "echo undone"}
          last: {needs: [each], if: environment == "production", run: "exit 1", reversible: no}
        checks:
          look: [{name: Disk, disk: /, free: "> 1B"}]
        """

    @Test func `graph draws a pipeline without git and without a state folder`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try FileManager.default.removeItem(atPath: project.path(".git"))

        try await project.shipit("graph").exits(2).says("--env NAME")
        let text = try await project.shipit("graph", "--env", "production").exits(0)
        try await project.shipit("graph", "--env", "staging").exits(0).says("skipped by its if:")

        #expect(text.stdout.contains("├─● each[one]"))
        #expect(text.stdout.contains("no return"))
        #expect(!text.stdout.unicodeScalars.contains("\u{1B}"))
        #expect(!project.exists(".shipit"))
    }

    @Test func `graph of a run shows what failed and what was undone, in every form`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try await project.shipit("deploy", "v1.0.0", "--env", "production").exits(5)

        let text = try await project.shipit("graph", "latest").exits(0)
        let svg = try await project.shipit("graph", "latest", "--format", "svg").exits(0)
        try await project.shipit("graph", "latest", "--format", "mermaid").exits(0).says("class s1,s2 undone")
        try await project.shipit("graph", "latest", "--format", "dot").exits(0).says("digraph")

        #expect(text.stdout.contains(/each\[one\] +undone/) && text.stdout.contains(/last +failed/), "\(text)")
        #expect(svg.stdout.hasPrefix("<svg") && svg.stdout.hasSuffix("</svg>\n"))
        try await project.shipit("graph", "nonesuch").exits(2).says("no run")
        try await project.shipit("graph", "--format", "png").exits(2)
    }

    @Test func `init writes a pipeline that is valid, and never a second time`() async throws {
        let project = try await ScratchProject(nil, files: ["alembic.ini": "", "var/app.db": "", "compose.yaml": ""])

        try await project.shipit("init").exits(0).says(
            "pipelines/deploy.yaml", "alembic.ini", "shipit plan v1.0.0")
        try await project.shipit("validate", "--strict").exits(0)
        try await project.shipit("graph").exits(0).says("backup/sqlite")
        try await project.shipit("plan", "v1.0.0").exits(0)
        let written = project.read("pipelines/deploy.yaml")
        try await project.shipit("init", "--kind", "commands").exits(3).says("pipelines/deploy.yaml is there already")

        #expect(project.read("pipelines/deploy.yaml") == written)
        let json = try await project.shipit("init", "--pipeline", "other", "--output", "json").exits(0).json
        #expect(json["file"] == "pipelines/other.yaml")
    }

    @Test func `init writes nothing that would not be valid`() async throws {
        let project = try await ScratchProject(nil)

        try await project.shipit("init", "--health", "nowhere").exits(2).says("nothing was written")
        try await project.shipit("init", "--kind", "mystery").exits(2)
        try await project.shipit("init", "--pipeline", "../deploy").exits(2)

        #expect(!project.exists("pipelines/deploy.yaml"))
    }

    @Test func `init leaves a link alone that leads nowhere`() async throws {
        let project = try await ScratchProject(nil)
        try FileManager.default.createDirectory(atPath: project.path("pipelines"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: project.path("pipelines/deploy.yaml"), withDestinationPath: project.path("elsewhere.yaml"))

        try await project.shipit("init").exits(3)

        #expect(!project.exists("elsewhere.yaml"))
    }
}
