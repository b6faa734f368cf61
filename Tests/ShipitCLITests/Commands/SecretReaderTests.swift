import Foundation
import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct SecretReaderTests {
    let scratch: ScratchFolder
    let variables = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "TOKEN": "from-variable"]

    init() throws { scratch = try ScratchFolder() }

    func read(
        _ sources: [String: SecretSource], timeout: TimeSpan = .seconds(30)
    ) throws -> SecretReader.Reading {
        try SecretReader(root: scratch.path, environment: variables, commandTimeout: timeout).read(sources)
    }

    @Test func `each source gives its value without the line break at its end`() throws {
        try scratch.write("secret.txt", "from-file\n")

        let reading = try read([
            "A": .environment("TOKEN"), "B": .file("secret.txt"), "C": .command(["sh", "-c", "echo from-command"]),
            "D": .file(scratch.path + "/secret.txt"),
        ])

        #expect(reading.values == ["A": "from-variable", "B": "from-file", "C": "from-command", "D": "from-file"])
        #expect(reading.warnings == [])
    }

    @Test func `every missing one is named with the place where it should be, and nothing that was found`() async throws
    {
        try scratch.write("empty", "\n")

        let failure = #expect(throws: CommandFailure.self) {
            try read([
                "A": .environment("MISSING"), "B": .file("missing.txt"),
                "C": .command(["sh", "-c", "echo leaked; exit 3"]),
                "D": .file("empty"), "E": .environment("TOKEN"), "F": .command(["/no/such/program"]),
            ])
        }

        let message = try #require(failure?.message)
        #expect(failure?.exitCode == 3)
        for word in [
            "A: ", "MISSING", "B: ", "missing.txt", "C: ", "exit 3", "D: ", "empty", "F: ", "/no/such/program",
        ] {
            #expect(message.contains(word), "\(word) is not in \(message)")
        }
        #expect(!message.contains("from-variable"))
        #expect(!message.contains("E: "))
    }

    @Test func `a command that hangs is ended`() throws {
        let failure = #expect(throws: CommandFailure.self) {
            try read(["A": .command(["sleep", "1000"])], timeout: .milliseconds(300))
        }
        #expect(failure?.message.contains("did not end within") == true)
    }

    @Test func `a grandchild that keeps the output open does not hold the reader up`() throws {
        let reading = try read(["A": .command(["sh", "-c", "echo value; sleep 20 &"])], timeout: .seconds(10))
        #expect(reading.values == ["A": "value"])
    }

    @Test func `a short value is warned of, since it cannot be masked reliably`() throws {
        try scratch.write("short", "abc")

        let reading = try read(["A": .file("short")])

        #expect(reading.values == ["A": "abc"])
        #expect(reading.warnings.count == 1)
    }
}
