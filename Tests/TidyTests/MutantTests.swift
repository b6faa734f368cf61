import Foundation
import Testing

/// The table of deliberate faults goes with the sources: `make mutants` is too slow to tell that it doesn't.
@Suite(.timeLimit(.minutes(1))) struct MutantTests {
    @Test func `every deliberate fault still finds its text, once`() throws {
        let check = Process()
        check.executableURL = URL(filePath: "/usr/bin/env")
        check.arguments = ["python3", SourceTree.root.appending(path: "Tests/Mutants/mutants").path, "--check"]
        let output = Pipe()
        check.standardOutput = output
        check.standardError = output
        try check.run()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        check.waitUntilExit()
        #expect(check.terminationStatus == 0, "\(String(decoding: said, as: UTF8.self))")
    }
}
