import Foundation
import Testing

@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct SecretTests {
    static let pipeline = """
        shipit: 1
        name: deploy
        secrets:
          FROM_ENV: {env: THE_TOKEN}
          FROM_FILE: {file: ../secret.txt}
          FROM_COMMAND: {command: [cat, ../other.txt]}
        stages:
          uses:
            env:
              TOKEN: "${{ secrets.FROM_ENV }}"
              PASSWORD: "${{ secrets.FROM_FILE }}"
              KEY: "${{ secrets.FROM_COMMAND }}"
            run: |
              echo "$TOKEN $PASSWORD $KEY" | tee /dev/stderr | sha256sum | cut -c1-64 >> effects.log
              printf '%s' "${TOKEN%????}"; sleep 0.2; printf '%s\\n' "${TOKEN#"${TOKEN%????}"}"
                  ops/await go
              echo "the reason is $PASSWORD" >&2
              test ! -e broken
            rollback: {run: 'echo "back with $TOKEN"'}
          other:
            needs: [uses]
            run: env | sort > other.env
        """

    let token = "tok-\(UInt64.random(in: 100_000_000...999_999_999))"
    let password = "pass \(UInt64.random(in: 100_000_000...999_999_999))"
    let key = "key/\(UInt64.random(in: 100_000_000...999_999_999))+="
    var all: [String] { [token, password, key] }

    func project(pipeline: String = Self.pipeline) async throws -> ScratchProject {
        let project = try await ScratchProject(pipeline)
        try project.write("../secret.txt", password + "\n")
        try project.write("../other.txt", key + "\n")
        return project
    }

    /// Removes what holds the secrets on purpose, then looks for them everywhere, the programs' own output included.
    func expectNowhere(_ project: ScratchProject) throws {
        for file in ["../secret.txt", "../other.txt"] {
            try FileManager.default.removeItem(atPath: project.path(file))
        }
        let image = try FolderImage(of: project.base)
        for secret in all { #expect(image.files(containing: secret) == []) }
    }

    @Test func `a secret is seen by the stages that map it, and by nobody else`() async throws {
        let project = try await project()
        let deploy = try project.start("deploy", "v1.0.0", variables: ["THE_TOKEN": token])
        try await eventually("the stage has its secrets") { !project.effects.isEmpty }

        let commandLines = ProcessTable.commandLines()
        for secret in all { #expect(!commandLines.contains { $0.contains(secret) }) }
        try project.touch("go")
        try await project.finish(deploy).exits(0)

        let seen = try #require(project.effects.first)
        let expected = try await project.sha256("\(token) \(password) \(key)\n")
        #expect(seen == expected)
        let other = try #require(project.read("other.env"))
        for secret in all { #expect(!other.contains(secret)) }
        #expect(!other.contains("THE_TOKEN"))
        let logs = try await project.shipit("logs", "latest").exits(0)
        #expect(logs.stdout.contains("***"))
        try await project.shipit("journal", "latest", "--output", "jsonl").exits(0)
        try await project.shipit("status", "latest", "--output", "json").exits(0)
        try await project.untilNoProcess()
        try expectNowhere(project)
    }

    @Test func `neither the story of a failure nor the way back tells a secret`() async throws {
        let project = try await project()
        try project.touch("go")
        try project.touch("broken")

        try await project.shipit("deploy", "v1.0.0", variables: ["THE_TOKEN": token]).exits(4).says("the reason is ***")

        try await project.shipit("logs", "latest").exits(0).says("back with ***")
        try await project.untilNoProcess()
        try expectNowhere(project)
    }

    @Test func `an output that holds a secret fails its stage, and is neither shown nor kept`() async throws {
        let project = try await project(
            pipeline: Self.pipeline.replacing(
                "ops/await go", with: "echo \"url=https://x/?token=$TOKEN\" >> \"$SHIPIT_OUTPUT\""))

        try await project.shipit("deploy", "v1.0.0", variables: ["THE_TOKEN": token]).exits(4).says("url", "secret")

        try await project.untilNoProcess()
        try expectNowhere(project)
    }

    @Test func `the outputs of a failed stage leave no secret behind`() async throws {
        let project = try await project(
            pipeline: Self.pipeline.replacing(
                "ops/await go", with: "echo \"url=https://x/?token=$TOKEN\" >> \"$SHIPIT_OUTPUT\"; exit 1"))

        try await project.shipit("deploy", "v1.0.0", variables: ["THE_TOKEN": token]).exits(4)

        try await project.untilNoProcess()
        try expectNowhere(project)
    }

    @Test func `a missing secret is found before anything runs`() async throws {
        let project = try await project()

        try await project.shipit("deploy", "v1.0.0").exits(3).says("FROM_ENV", "THE_TOKEN")

        #expect(project.effects == [])
        try project.touch("go")
        try await project.shipit("deploy", "v1.0.0", variables: ["THE_TOKEN": token]).exits(0)
    }

    @Test func `a secret that is missing at the way back is asked for before anything changes`() async throws {
        let project = try await project()
        try project.touch("go")
        try await project.shipit("deploy", "v1.0.0", variables: ["THE_TOKEN": token]).exits(0)

        try await project.shipit("rollback", "latest").exits(3).says("FROM_ENV")

        #expect(try await project.status()["run"]["outcome"] == "succeeded")
        try await project.shipit("rollback", "latest", variables: ["THE_TOKEN": token]).exits(0)
    }

    @Test func `a secret in a command's text is a mistake that is found at once`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            secrets: {TOKEN: {env: THE_TOKEN}}
            stages: {a: {run: [echo, "${{ secrets.TOKEN }}"]}}
            """)

        try await project.shipit("deploy", "v1.0.0", variables: ["THE_TOKEN": token]).exits(2).says("TOKEN", "env")

        #expect(!project.exists(".shipit"))
    }
}

extension ScratchProject {
    func sha256(_ text: String) async throws -> String {
        try write("../hashed", text)
        defer { removeQuietly("../hashed") }
        let sum = try ChildProcess(
            ["sha256sum", path("../hashed")], folder: root, variables: variables, output: nextOutput())
        _ = try await sum.ending(within: .seconds(20))
        return String(sum.standardOutput.prefix(64))
    }

    private func removeQuietly(_ name: String) {
        // It goes with the project anyway.
        try? FileManager.default.removeItem(atPath: path(name))
    }
}
