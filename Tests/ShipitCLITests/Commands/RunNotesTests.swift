import Foundation
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct RunNotesTests {
    @Test func `notes come back in order, once each, without secrets`() throws {
        let scratch = try ScratchFolder()
        let file = NotesFile(inRunFolder: scratch.path, secrets: ["tok", "token-1234"], clock: SystemClock())
        var reader = NotesReader(inRunFolder: scratch.path)

        #expect(reader.readOn() == [])
        file.note("uses token-1234\nand more", key: CommandKey("r/a/1"))
        #expect(reader.readOn().map(\.text) == ["uses ***\nand more"])
        file.note("second", key: CommandKey("r/b/1"))
        #expect(reader.readOn().map(\.key) == ["r/b/1"])
        #expect(reader.readOn() == [])
        let mode = try FileManager.default.attributesOfItem(atPath: scratch.path + "/notes.jsonl")[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func `half a line waits for its rest`() throws {
        let scratch = try ScratchFolder()
        var reader = NotesReader(inRunFolder: scratch.path)
        try scratch.write("notes.jsonl", #"{"at":1,"key":"r/a/1","text":"one"}"# + "\n" + #"{"at":2,"key":"r/"#)

        #expect(reader.readOn().map(\.text) == ["one"])
        #expect(reader.readOn() == [])
    }

    @Test func `a note that cannot be kept ends nothing`() {
        let file = NotesFile(inRunFolder: "/no/such/folder", secrets: [], clock: SystemClock())
        file.note("lost", key: CommandKey("r/a/1"))
    }

    @Test func `a key belongs to the stage with the longest name that fits`() throws {
        let release = Release(tag: "v1", version: "1", commit: "c", tagObject: "c")
        let stages = ["web", "web/api", "web.1"].map { PlannedStage(name: StageName($0), perform: .script("true")) }
        let plan = Plan(pipeline: "p", environment: "e", release: release, stages: stages)
        let output = RunOutput(run: "r", plan: plan, folder: "/tmp")

        #expect(output.stage(of: CommandKey("r/web/1")) == "web")
        #expect(output.stage(of: CommandKey("r/web/api/undo/1/step")) == "web/api")
        #expect(output.stage(of: CommandKey("r/web.1/1")) == "web.1")
        #expect(output.stage(of: CommandKey("other/web/1")) == nil)
    }
}
