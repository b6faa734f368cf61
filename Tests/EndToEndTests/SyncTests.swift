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

    /// The syncs, what the ledger hears of, and the commands' starts, in their order.
    private func trace(_ project: ScratchProject) async throws -> [Substring] {
        let file = project.base + "/trace"
        let engine = try ChildProcess(
            [
                "strace", "-f", "-y", "-qq", "-s", "4096", "-o", file, "-e", "trace=fsync,fdatasync,execve,write",
                try Binaries.shipit(), "deploy", "v1.0.0",
            ], folder: project.root, variables: project.variables, output: project.nextOutput())
        let ending = try await engine.ending(within: .seconds(60))
        #expect(ending == .code(0), "\(engine.printed)")
        let telling = ["sync(", "execve(\"/bin/true\"", "/commands.ledger>, \"accepted "]
        return try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .filter { line in telling.contains { line.contains($0) } }
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

    @Test func `a state folder that cannot be made durable is not used`() async throws {
        let project = try await ScratchProject(Self.pipeline, tags: ["v1.0.0", "v1.1.0"])
        try await project.shipit("deploy", "v1.0.0").exits(0)
        // Only the folder's own sync fails; SQLite, which syncs it as well, would say nothing of that.
        let engine = try ChildProcess(
            [
                "strace", "-f", "-qq", "-o", "/dev/null", "-P", project.path(".shipit"), "-e", "trace=fsync", "-e",
                "inject=fsync:error=EIO", try Binaries.shipit(), "deploy", "v1.1.0",
            ], folder: project.root, variables: project.variables, output: project.nextOutput())

        let ending = try await engine.ending(within: .seconds(60))

        #expect(ending == .code(1), "\(engine.printed)")
        #expect(engine.standardError.contains("durable"), "\(engine.printed)")
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

    @Test func `the ledger hears of a command before it starts`() async throws {
        let project = try await ScratchProject(Self.pipeline)

        let trace = try await trace(project)

        for (stage, argument) in [("a", "first"), ("b", "second"), ("c", "third")] {
            #expect(try place(of: "/\(stage)/1", in: trace) < place(of: "\"\(argument)\"", in: trace))
        }
    }
}
