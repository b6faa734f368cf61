import Foundation
import Testing

@testable import ShipitStore

@Suite("A seal", .timeLimit(.minutes(1)))
struct SealTests {
    @Test func `of an event changes with everything that it covers, the one before included`() {
        let previous = Data(repeating: 7, count: 32)
        let seal = Seal.event(previous: previous, sequence: 2, at: 3, version: 1, body: "{}")
        // Whoever rewrites an event must rewrite all that follow, and then the journal's last hash is another.
        #expect(Seal.event(previous: Data(repeating: 8, count: 32), sequence: 2, at: 3, version: 1, body: "{}") != seal)
        #expect(Seal.event(previous: previous, sequence: 3, at: 3, version: 1, body: "{}") != seal)
        #expect(Seal.event(previous: previous, sequence: 2, at: 4, version: 1, body: "{}") != seal)
        #expect(Seal.event(previous: previous, sequence: 2, at: 3, version: 2, body: "{}") != seal)
        #expect(Seal.event(previous: previous, sequence: 2, at: 3, version: 1, body: "{ }") != seal)
        #expect(Seal.event(previous: previous, sequence: 2, at: 3, version: 1, body: "{}") == seal)
    }

    @Test func `tells apart fields whose letters are the same in a row`() {
        func seal(_ texts: String...) -> Data {
            var seal = Seal()
            for text in texts { seal.add(text) }
            return seal.value()
        }
        #expect(seal("ab", "c") != seal("a", "bc"))
        #expect(seal("", "a") != seal("a", ""))
    }
}
