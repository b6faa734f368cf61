import Foundation
import ShipitCore
import ShipitEngine
import ShipitStore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct CheckBookTests {
    private let suite = SuiteKey(pipeline: "deploy", environment: "production", suite: "preflight")
    private let now = Instant(rfc3339: "2026-11-28T07:00:00.000Z")!

    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "/check-book-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func word(_ kind: CheckWord.Kind, _ check: String, by person: String) -> CheckWord {
        CheckWord(kind, check: check, person: person, by: "root", proof: .claimed, about: "x", at: now)
    }

    private func record(_ name: String, go: Bool, at: Instant) -> SuiteRecord {
        SuiteRecord(
            at: at, go: go,
            results: [KeptResult(name: name, question: "disk /", standing: go ? .passed : .failed, at: at)])
    }

    @Test func `the newest word on each check counts, in every process that opens the folder`() throws {
        try inFolder { folder in
            let book = SQLiteCheckBook(folder: folder)
            try book.add(word(.tick, "a", by: "ana"), on: suite)
            try book.add(word(.tick, "b", by: "ana"), on: suite)
            try book.add(word(.tick, "a", by: "ben"), on: suite)
            var other = suite
            other.environment = "staging"
            try book.add(word(.tick, "c", by: "ana"), on: other)
            let words = try SQLiteCheckBook(folder: folder).words(on: suite)
            #expect(Set(words.map { "\($0.check) \($0.person)" }) == ["a ben", "b ana"])
        }
    }

    @Test func `a word that was taken back counts no more`() throws {
        try inFolder { folder in
            let book = SQLiteCheckBook(folder: folder)
            try book.add(word(.tick, "a", by: "ana"), on: suite)
            try book.add(word(.withdrawal, "a", by: "ben"), on: suite)
            #expect(try book.words(on: suite).isEmpty)
        }
    }

    @Test func `old records make room, and the newest green one stays`() throws {
        try inFolder { folder in
            let book = SQLiteCheckBook(folder: folder)
            #expect(try book.newestGreen(of: suite) == nil)
            try book.keep(record("green", go: true, at: now), of: suite)
            for minute in 1...150 {
                try book.keep(record("red \(minute)", go: false, at: now + .minutes(Int64(minute))), of: suite)
            }
            #expect(try book.newestGreen(of: suite)?.results[0].name == "green")
            #expect(try book.newest(of: suite)?.results[0].name == "red 150")
            let size = try FileManager.default.attributesOfItem(atPath: folder + "/checks.db")[.size] as? Int
            #expect(try #require(size) < 500_000)
        }
    }

    @Test func `what a run asked is found among what others asked later`() throws {
        try inFolder { folder in
            let book = SQLiteCheckBook(folder: folder)
            var mine = record("first", go: false, at: now)
            mine.run = "r1"
            try book.keep(mine, of: suite)
            mine.results = record("second", go: true, at: now).results
            try book.keep(mine, of: suite)
            try book.keep(record("other", go: true, at: now), of: suite)
            #expect(try book.newest(of: suite, askedBy: "r1")?.results[0].name == "second")
            #expect(try book.newest(of: suite, askedBy: "r2") == nil)
        }
    }

    @Test func `evidence is cut, and nothing that is no number is kept as one`() {
        let kept = KeptResult(
            name: "a", question: "q", standing: .passed, evidence: String(repeating: "x", count: 1 << 20),
            number: .nan, figures: ["time": .infinity, "free": 1], at: now)
        #expect(kept.evidence.count == KeptResult.longestEvidence)
        #expect(kept.number == nil && kept.figures == ["free": 1])
    }

    @Test func `the file is its owner's alone, and another's database is left as it is`() throws {
        try inFolder { folder in
            try SQLiteCheckBook(folder: folder).keep(record("a", go: true, at: now), of: suite)
            let file = folder + "/checks.db"
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            try Data("this is no database, and long enough to be told from one: ".utf8).write(
                to: URL(fileURLWithPath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            let before = FileManager.default.contents(atPath: file)
            #expect(throws: StoreError.self) { try SQLiteCheckBook(folder: folder).words(on: suite) }
            #expect(FileManager.default.contents(atPath: file) == before)
        }
    }
}
