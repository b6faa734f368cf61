import Foundation
import Testing

/// Tags whose names would do something if a shell or an option parser ever read them.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct HostileTagTests {
    static let pipeline = """
        shipit: 1
        name: deploy
        release: {tags: "*"}
        stages:
          script:
            env: {MAPPED: "${{ release.tag }}"}
            run: printf '%s|%s\\n' "$SHIPIT_TAG" "$MAPPED" >> effects.log
            rollback: {run: 'echo "back from $SHIPIT_TAG" >> effects.log'}
          argv:
            needs: [script]
            run: [sh, -c, 'printf "%s\\n" "$1" >> effects.log', sh, "${{ release.tag }}"]
          image:
            needs: [argv]
            uses: build-image
            with: {context: ., tag: "app:one", builder: archive, to: images}
          check: {needs: [image], checks: smoke}
        checks:
          smoke: [{name: It is up, run: [test, "${{ release.tag }}", "!=", x]}]
        """

    @Test(arguments: [
        "v1$(touch${IFS}pwned)", "v;touch${IFS}pwned", "v1`touch${IFS}pwned`", "v'|touch${IFS}pwned", "--upload-pack=x",
    ])
    func `a hostile tag is inert everywhere, and deploys`(_ tag: String) async throws {
        let project = try await ScratchProject(Self.pipeline, tags: [tag])

        try await project.shipit("plan", "--", tag).exits(0)
        try await project.shipit("deploy", "--dry-run", "--", tag).exits(0)
        try await project.shipit("deploy", "--", tag).exits(0)

        #expect(project.effects == ["\(tag)|\(tag)", tag])
        #expect(try await project.status()["run"]["release"]["tag"] == .string(tag))
        #expect(try await project.shipit("tags").exits(0).stdout.contains(tag))
        try await project.shipit("runs").exits(0)
        try await project.shipit("rollback", "latest").exits(0)
        #expect(project.effects.last == "back from \(tag)")
        let walk = FileManager.default.enumerator(atPath: project.base)
        while let path = walk?.nextObject() as? String {
            // git keeps a tag in a file of its name.
            #expect(!path.hasSuffix("pwned") || path.hasPrefix("project/.git/refs/tags/"))
        }
        #expect(!FileManager.default.fileExists(atPath: FileManager.default.currentDirectoryPath + "/pwned"))
    }
}
