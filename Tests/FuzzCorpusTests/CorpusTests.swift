import Foundation
import FuzzTargets
import Testing

/// What fuzzing has found and worked out is tried again with every change; `make fuzz` looks for more.
@Suite(.timeLimit(.minutes(5)))
struct CorpusTests {
    private static let corpus = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "Fuzz/corpus")

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `every kept input is borne`(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let folder = Self.corpus.appending(path: name)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(!files.isEmpty)
        for file in files {
            let input = try Data(contentsOf: folder.appending(path: file))
            // Fuzzing allows a second; an unoptimised build on a busy machine needs more.
            let time = ContinuousClock().measure {
                #expect(throws: Never.self, "Fuzz/corpus/\(name)/\(file)") { try target.check(Array(input)) }
            }
            #expect(time < .seconds(10), "Fuzz/corpus/\(name)/\(file) takes \(time)")
        }
    }

    @Test func `every kept input is of a target`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path)
        #expect(folders.sorted() == FuzzTarget.all.map(\.name).sorted())
    }
}
