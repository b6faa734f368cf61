import FoundationEssentials
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitActions

@Suite(.timeLimit(.minutes(3)))
struct RunActionTests {
    private let action = RunAction()

    @Test func `a script runs under the attempt's key and gives its outputs`() async throws {
        try await Scene.with { scene in
            let script = #"echo "colour=green" >> "$SHIPIT_OUTPUT"; echo "note=a=b c" >> "$SHIPIT_OUTPUT""#
            let context = try scene.context(["script": .text(Template(literal: script))])
            let outputs = try await action.perform(context)
            #expect(outputs == ["colour": "green", "note": "a=b c"])
            #expect(scene.world.started == ["run-1/stage/1"])
        }
    }

    @Test func `a re-entered attempt does not run its command again`() async throws {
        try await Scene.with { scene in
            let context = try scene.context(["script": "echo once >> effects"])
            _ = try await action.perform(context)
            _ = try await action.perform(context)
            #expect(scene.text("effects") == "once\n")
        }
    }

    @Test func `a failure carries how the command ended`() async throws {
        try await Scene.with { scene in
            let failed = try scene.context(["script": "  \nfalse | cat\nexit 0"], number: 1)
            #expect(
                await error { () throws(ActionError) in _ = try await action.perform(failed) }
                    == .command(.exited(1), what: "false | cat"))
            let missing = try scene.context(["argv": .list(["no-such-program-here"])], number: 2)
            #expect(
                await error { () throws(ActionError) in _ = try await action.perform(missing) }
                    == .command(.notStarted("no such program: no-such-program-here"), what: "no-such-program-here"))
        }
    }

    @Test func `no shell reads the words of an argv`() async throws {
        try await Scene.with { scene in
            let context = try scene.context(["argv": .list(["touch", "v1;rm -rf x"])])
            _ = try await action.perform(context)
            #expect(scene.names(".").contains("v1;rm -rf x"))
        }
    }

    @Test func `an output that holds a secret is refused`() async throws {
        try await Scene.with { scene in
            let context = try scene.context(
                ["script": #"echo "token=Bearer hunter2" > "$SHIPIT_OUTPUT""#], secrets: ["hunter2"])
            #expect(
                await error { () throws(ActionError) in _ = try await action.perform(context) }
                    == .failedForGood("output \"token\" holds the value of a secret"))
        }
    }

    @Test func `the preview is the command as it would be run`() async throws {
        try await Scene.with { scene in
            let script = try scene.context(["script": "echo it's"])
            #expect(try await action.preview(script) == [#"bash -euo pipefail -c 'echo it'\''s'"#])
            let argv = try scene.context(["argv": .list(["ops/run", "two words", ""])])
            #expect(try await action.preview(argv) == ["ops/run 'two words' ''"])
            #expect(scene.world.started.isEmpty)
        }
    }

    @Test func `sh runs the script where the PATH has no bash`() async throws {
        try await Scene.with { scene in
            let context = try scene.context(["script": "true"], variables: ["PATH": scene.path("nowhere")])
            #expect(try await action.preview(context) == ["sh -eu -c true"])
        }
    }

    @Test func `inputs that cannot be run are refused`() async throws {
        try await Scene.with { scene in
            for (inputs, expected) in [
                ([:], ActionError.badInput("script", "is missing")),
                (["script": " "], .badInput("script", "is empty")),
                (["argv": .list([])], .badInput("argv", "names no program")),
                (["script": "true", "argv": .list(["true"])], .badInput("argv", "cannot stand beside a script")),
            ] as [([String: InputValue], ActionError)] {
                let context = try scene.context(inputs)
                #expect(await error { () throws(ActionError) in _ = try await action.perform(context) } == expected)
            }
        }
    }
}

@Suite(.timeLimit(.minutes(3)))
struct OutputFileTests {
    @Test func `lines are names and values`() throws {
        #expect(try OutputFile.parse(Array("a=1\n\n_b-2=x=y \n".utf8)) == ["a": "1", "_b-2": "x=y "])
        #expect(try OutputFile.parse([]) == [:])
    }

    @Test(arguments: ["a=1\nnothing", "a=1\n2b=1", "a=1\n=1", "a=1\n a=1"])
    func `a line that is none is named`(text: String) {
        let line = text.split(separator: "\n")[1]
        #expect(throws: ActionError.failedForGood("line 2 of the outputs is not name=value: \(line)")) {
            try OutputFile.parse(Array(text.utf8))
        }
    }

    @Test func `more than a MiB, a link and bytes that are no text are refused`() async throws {
        try await Scene.with { scene in
            let large = scene.path("large")
            try Data(repeating: 65, count: (1 << 20) + 1).write(to: URL(filePath: large))
            #expect(throws: ActionError.failedForGood("the outputs are larger than 1 MiB")) {
                try OutputFile.read(large)
            }
            try FileManager.default.createSymbolicLink(atPath: scene.path("link"), withDestinationPath: large)
            #expect(throws: ActionError.self) { try OutputFile.read(scene.path("link")) }
            #expect(throws: ActionError.failedForGood("the outputs are not UTF-8")) {
                try OutputFile.parse([0xff, 0xfe])
            }
            #expect(try OutputFile.read(scene.path("absent")) == [:])
        }
    }
}
