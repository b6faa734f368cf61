import Foundation
import Testing

/// What must be on the disk before the next thing is done, as the kernel was asked for it: a cut of the power finds out only
/// by chance, and some file systems do more than they were asked to.
@Suite(.timeLimit(.minutes(2)), .needsBinaries, .needsStrace)
struct SyncTests {
    static let pipeline = """
        shipit: 1
        name: deploy
        stages:
          a: {run: [/bin/true, first]}
          b: {needs: [a], run: [/bin/true, second]}
          c: {needs: [b], run: [/bin/true, third]}
        """

    /// The syncs and the commands' starts, in their order.
    private func trace(_ project: ScratchProject) async throws -> [Substring] {
        let file = project.base + "/trace"
        let engine = try ChildProcess(
            [
                "strace", "-f", "-y", "-qq", "-s", "4096", "-o", file, "-e", "trace=fsync,fdatasync,execve",
                try Binaries.shipit(), "deploy", "v1.0.0",
            ], folder: project.root, variables: project.variables, output: project.nextOutput())
        let ending = try await engine.ending(within: .seconds(60))
        #expect(ending == .code(0), "\(engine.printed)")
        return try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .filter { $0.contains("sync(") || $0.contains("execve(\"/bin/true\"") }
    }

    private func place(of words: String, in trace: [Substring]) throws -> Int {
        try #require(trace.firstIndex { $0.contains(words) }, "\(words) is not in \(trace.joined(separator: "\n"))")
    }

    @Test func `a new state folder is durable, and its name as well, before the first command starts`() async throws {
        let project = try await ScratchProject(Self.pipeline)

        let trace = try await trace(project)

        let start = try place(of: "\"first\"", in: trace)
        #expect(try place(of: "<\(project.path(".shipit"))>", in: trace) < start)
        #expect(try place(of: "<\(project.root)>", in: trace) < start)
    }

    @Test func `the journal is synced before each command starts, and behind the last one`() async throws {
        let project = try await ScratchProject(Self.pipeline)

        let trace = try await trace(project)

        var before = trace.startIndex
        for argument in ["first", "second", "third"] {
            let start = try place(of: "\"\(argument)\"", in: trace)
            #expect(trace[before..<start].contains { $0.contains("/journal.db-wal>") }, "before \(argument)")
            before = start
        }
        #expect(trace[before...].contains { $0.contains("/journal.db-wal>") }, "behind the last")
    }
}
