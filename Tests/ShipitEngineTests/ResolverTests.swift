import Foundation
import ShipitCore
import Testing

@testable import ShipitEngine

@Suite("What is known only while a run runs", .timeLimit(.minutes(1)))
struct ResolverTests {
    private func resolver(outputs: [StageName: [String: String]] = [:], secrets: [String: String] = [:]) -> Resolver {
        Resolver(run: "r1", outputs: outputs, secrets: secrets)
    }

    private func template(_ reference: Reference, fallback: String? = nil) -> Template {
        Template(parts: [.text("<"), .reference(reference, fallback: fallback), .text(">")])
    }

    @Test func `is filled in`() throws {
        let resolver = resolver(outputs: ["build": ["digest": "d1"]], secrets: ["key": "s3cret"])
        #expect(try resolver.text(template(.output("build", "digest"))) == "<d1>")
        #expect(try resolver.text(template(.secret("key"))) == "<s3cret>")
        #expect(try resolver.text(template(.run("id"))) == "<r1>")
    }

    @Test func `never becomes an empty text where it has no value`() throws {
        #expect(throws: ActionError.self) { try resolver().text(template(.output("build", "digest"))) }
        #expect(throws: ActionError.self) { try resolver().text(template(.secret("key"))) }
        #expect(try resolver().text(template(.output("build", "digest"), fallback: "none")) == "<none>")
    }

    @Test func `hides a secret that begins another one, and the other one, too`() {
        let redactor = Redactor(["hunter", "hunter2-and-more", ""])
        #expect(redactor.redact("hunter2-and-more, then hunter, then huntsman") == "***, then ***, then huntsman")
    }

    @Test(arguments: [
        "deploy[eu/west]", "deploy[..]", "deploy[../../..]", "..", "a\nb", String(repeating: "é", count: 99),
    ])
    func `has a folder of its own for each attempt, below the run's, whatever the stage is called`(
        _ name: String
    ) throws {
        let workshop = try Workshop()
        let attempt = AttemptID(stage: StageName(name), number: 1)
        let path = try StageVariables.makeScratch(workshop.folder, attempt)
        let work = workshop.folder + "/work"
        #expect(try FileManager.default.contentsOfDirectory(atPath: work).count == 1)
        let folders = path.dropFirst(work.count + 1).split(separator: "/")
        #expect(folders.count == 2 && folders.last == "1" && !folders.contains(".."), "\(path)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.folder) == ["work"])
    }
}
