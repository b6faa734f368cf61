import Foundation
import Testing

/// The folder that an attempt works in cannot be made: no command is to blame, so the engine stops, and the run goes on later.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct ScratchFolderTests {
    @Test func `a stage whose folder cannot be made stops the engine, which says so, and resume goes on`() async throws
    {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a:
                run: |
                  echo a >> effects.log
                  echo in the way > "$(dirname "$SHIPIT_OUTPUT")/../../b"
              b: {needs: [a], run: echo b >> effects.log}
            """)

        try await project.shipit("deploy", "v1.0.0").exits(1).says("cannot make", "shipit resume")

        #expect(project.effects == ["a"])
        let runs = project.path(".shipit/runs")
        for run in try FileManager.default.contentsOfDirectory(atPath: runs) {
            try FileManager.default.removeItem(atPath: "\(runs)/\(run)/work/b")
        }
        try await project.shipit("resume").exits(0)
        #expect(project.effects == ["a", "b"])
    }
}
