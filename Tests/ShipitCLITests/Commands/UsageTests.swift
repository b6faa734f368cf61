import ArgumentParser
import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct UsageTests {
    @Test(arguments: [
        ["deploy"], ["deploy", "v1", "--bogus"], ["simulate", "v1"], ["status", "a", "b"], ["abandon", "run"],
        ["deploy", "v1", "--output", "xml"], ["--nonsense"], [],
    ])
    func `wrong usage is exit code 2`(_ arguments: [String]) async {
        #expect(await ShipitCommand.run(arguments) == 2)
    }

    @Test(arguments: [["--help"], ["deploy", "--help"], ["deploy", "v1", "--help"], ["--version"], ["version"]])
    func `asking for help or the version is exit code 0 and does nothing else`(_ arguments: [String]) async {
        #expect(await ShipitCommand.run(arguments) == 0)
    }

    @Test(arguments: [["rollback", "--why", "--help"], ["rollback", "--env", "--help"], ["deploy", "-C", "--help"]])
    func `no option swallows the wish for help as its value`(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try ShipitCommand.parseAsRoot(arguments) }
    }

    @Test func `a misspelt command gets the right one as a hint`() {
        let failure = UsageWords.failure(
            "Unexpected argument 'deplyo'", ["deplyo", "v1"], commands: ["deploy", "plan"])

        #expect(failure.exitCode == 2)
        #expect(failure.message == "there is no command \"deplyo\"")
        #expect(failure.hint == "did you mean: shipit deploy?")
    }

    @Test func `a tag that looks like an option is a tag after two dashes`() throws {
        let command = try ShipitCommand.parseAsRoot(["deploy", "--dry-run", "--", "--upload-pack=x"])
        let deploy = try #require(command as? DeployCommand)

        #expect(deploy.tag == "--upload-pack=x")
        #expect(deploy.dryRun)
    }

    @Test func `the global options are accepted after the command`() throws {
        let arguments = [
            "deploy", "v1", "-C", "dir", "--state", "s", "--pipeline", "p", "--env", "e", "--output", "jsonl", "--set",
            "a=b",
            "--set", "c=d",
        ]
        let deploy = try #require(try ShipitCommand.parseAsRoot(arguments) as? DeployCommand)

        #expect(deploy.place.folder == "dir")
        #expect(deploy.place.state == "s")
        #expect(deploy.target.pipeline == "p")
        #expect(deploy.target.env == "e")
        #expect(deploy.output.output == .jsonl)
        #expect(deploy.set == ["a=b", "c=d"])
    }

    @Test func `--stage takes a name and one of three answers`() throws {
        let answer = try StageAnswer("services[a=b]=done")

        #expect(answer.stage == "services[a=b]")
        #expect(answer.answer == .done)
        for wrong in ["slow", "slow=", "=done", "slow=maybe"] {
            #expect(throws: CommandFailure.self) { try StageAnswer(wrong) }
        }
    }
}
