import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct SuggestionTests {
    @Test(arguments: [
        ("biuld", "build"), ("buld", "build"), ("builds", "build"), ("BUILD", "build"), ("timout", "timeout"),
        ("max_parallel", "max-parallel"), ("rolback", "rollback"), ("nees", "needs"),
    ]) func `a slip is recognised`(word: String, meant: String) {
        #expect(
            Suggestion.closest(to: word, among: ["build", "timeout", "max-parallel", "rollback", "needs"]) == meant)
    }

    @Test(arguments: ["", "x", "deploy", "bu"]) func `what is another word is left alone`(word: String) {
        #expect(Suggestion.closest(to: word, among: ["build", "timeout", "a"]) == nil)
    }

    @Test func `the nearest wins, and of equals the first`() {
        #expect(Suggestion.closest(to: "stage-1", among: ["stage-22", "stage-2", "stage-3"]) == "stage-2")
        #expect(Suggestion.closest(to: "port", among: ["ports", "prot"]) == "ports")
    }

    @Test func `a word is never suggested for itself`() {
        #expect(Suggestion.closest(to: "build", among: ["build"]) == nil)
    }
}
