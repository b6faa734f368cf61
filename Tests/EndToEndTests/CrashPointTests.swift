import Foundation
import Testing

/// The engine ended, or failed by its disk, at one system call after the other, as strace's injection does it.
@Suite(.serialized, .timeLimit(.minutes(5)), .needsBinaries, .needsStrace)
struct CrashPointTests {
    static let pipeline = """
        shipit: 1
        name: deploy
        stages:
          a: {run: echo a >> effects.log, rollback: {run: echo undo-a >> effects.log}}
          b: {needs: [a], run: echo b >> effects.log, rollback: {run: echo undo-b >> effects.log}}
          c: {needs: [b], run: echo c >> effects.log; exit 1, rollback: {run: echo undo-c >> effects.log}}
        """
    static let whole = ["a", "b", "c", "undo-c", "undo-b", "undo-a"]

    /// One system call to meddle with, and how far apart the points are.
    struct Point: Sendable, CustomTestStringConvertible {
        var call: String
        var injection: String
        var stride: Int
        var testDescription: String { "\(call), \(injection)" }
    }

    /// Every point takes about a second, so only some are tried unless SHIPIT_CRASH_POINTS says `all`.
    static let all = ProcessInfo.processInfo.environment["SHIPIT_CRASH_POINTS"] == "all"

    @Test(arguments: [
        Point(call: "pwrite64", injection: "signal=KILL", stride: 9),
        Point(call: "fdatasync", injection: "signal=KILL", stride: 2),
        Point(call: "fsync", injection: "signal=KILL", stride: 2),
        Point(call: "rename", injection: "signal=KILL", stride: 1),
        Point(call: "sendto", injection: "signal=KILL", stride: 2),
        Point(call: "mkdir", injection: "signal=KILL", stride: 3),
        Point(call: "pwrite64", injection: "error=EIO", stride: 17),
        Point(call: "fdatasync", injection: "error=EIO", stride: 4),
        Point(call: "pwrite64", injection: "error=ENOSPC", stride: 19),
    ])
    func `whatever the system call at which an engine ends, resume brings the same end, each effect once`(
        _ point: Point
    ) async throws {
        let stride = Self.all ? 1 : point.stride
        var number = 1
        while number < 80 {
            let project = try await ScratchProject(Self.pipeline)
            let engine = try ChildProcess(
                [
                    "strace", "-f", "-o", "/dev/null", "-e", "trace=\(point.call)", "-e",
                    "inject=\(point.call):\(point.injection):when=\(number)", try Binaries.shipit(), "deploy", "v1.0.0",
                ], folder: project.root, variables: project.variables, output: project.nextOutput())
            let ending = try await engine.ending(within: .seconds(60))
            if ending == .code(4) {
                #expect(project.effects == Self.whole, "\(point.call) \(number)")
                // Behind the last call of this kind there is nothing left to meddle with; an error may also have been borne.
                if point.injection == "signal=KILL" { break }
            } else {
                let runs = try await project.shipit("runs", "--output", "json").exits(0).json.items
                try await project.run(runs.isEmpty ? ["deploy", "v1.0.0"] : ["resume", "latest"]).exits(4)
                #expect(project.effects == Self.whole, "\(point.call) \(number): \(engine.printed)")
            }
            try await project.untilNoProcess()
            number += stride
            if point.injection != "signal=KILL", number > 45 { break }
        }
        #expect(number > stride, "no engine was met at \(point.call)")
    }
}

extension Trait where Self == ConditionTrait {
    static var needsStrace: Self {
        .enabled(
            if: Binaries.areRequired
                || ["/usr/bin/strace", "/usr/local/bin/strace"].contains {
                    FileManager.default.isExecutableFile(atPath: $0)
                },
            "strace is not installed")
    }
}
