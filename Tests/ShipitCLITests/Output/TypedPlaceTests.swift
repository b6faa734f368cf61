import ArgumentParser
import Testing

@testable import ShipitCLI

/// What is proposed works when it is typed as it stands.
@Suite(.timeLimit(.minutes(3)))
struct TypedPlaceTests {
    private func words(_ arguments: String...) throws -> String {
        TypedPlace.words(of: try ShipitCommand.parseAsRoot(arguments))
    }

    @Test func `what the caller gave is repeated as it was given`() throws {
        #expect(try words("deploy", "v1") == "")
        #expect(try words("status", "--state", "../s", "-C", "a dir") == " -C 'a dir' --state ../s")
        #expect(try words("audit", "verify", "--state", "s") == " --state s")
        #expect(try words("version") == "")
    }

    @Test func `every command in a text gets it, and nothing else does`() {
        TypedPlace.$words.withValue(" -C d") {
            #expect(
                TypedPlace.complete("go on with: shipit resume r1\nor: shipit rollback r1")
                    == "go on with: shipit -C d resume r1\nor: shipit -C d rollback r1")
            #expect(TypedPlace.complete("shipit audit verify") == "shipit -C d audit verify")
            for text in ["shipit-supervisor must lie beside shipit", "see: shipit --help", "a shipit that stopped", ""]
            {
                #expect(TypedPlace.complete(text) == text)
            }
        }
        #expect(TypedPlace.complete("shipit resume r1") == "shipit resume r1")
    }

    @Test func `the next step and the hints are complete`() {
        TypedPlace.$words.withValue(" --state s") {
            #expect(NextStep(Story.interrupted().view)?.line == "shipit --state s resume 20260112-0130-7f3k")
            let failure = CommandFailure(.usage, "no", hint: "see: shipit runs")
            #expect(failure.text == "error: no\n  see: shipit --state s runs\n")
            #expect(failure.json.contains("shipit --state s runs"))
        }
    }
}
