import Foundation
import Testing

enum Systemd {
    static let isThere: Bool = {
        let found = ["/usr/bin/systemd-analyze", "/bin/systemd-analyze"].contains {
            FileManager.default.isExecutableFile(atPath: $0)
        }
        if !found, !Binaries.areRequired { print("skipped: systemd-analyze is missing") }
        return found || Binaries.areRequired
    }()
}

/// The units of examples/systemd, as systemd itself reads them.
@Suite(.timeLimit(.minutes(2)), .needsBinaries, .enabled(if: Systemd.isThere))
struct SystemdTests {
    private static let folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "examples/systemd").path

    /// With programs and folders that are there, for it looks at them, too.
    private func verify(_ name: String, in project: ScratchProject, change: (String) -> String = { $0 }) async throws
        -> (code: ChildProcess.Ending, words: String)
    {
        for unit in ["shipit.service", "shipit-nightly.service", "shipit-nightly.timer"] {
            let text = try String(contentsOfFile: Self.folder + "/" + unit, encoding: .utf8)
                .replacingOccurrences(of: "/usr/local/bin/shipit", with: try Binaries.shipit())
            try change(text).write(toFile: project.path(unit), atomically: true, encoding: .utf8)
        }
        let analyze = try ChildProcess(
            ["systemd-analyze", "verify", "--man=no", project.path(name)], folder: project.root,
            variables: project.variables, output: project.nextOutput())
        return (try await analyze.ending(within: .seconds(60)), analyze.printed)
    }

    @Test(arguments: ["shipit.service", "shipit-nightly.timer", "shipit-nightly.service"])
    func `a unit is as systemd wants it`(_ name: String) async throws {
        let project = try await ScratchProject(nil)

        let (code, words) = try await verify(name, in: project)

        #expect(code == .code(0), "\(words)")
        // About units of the machine's own it may say what it likes.
        #expect(!words.contains(project.root), "\(words)")
    }

    @Test func `what systemd does not know is noticed`() async throws {
        let project = try await ScratchProject(nil)
        let (_, words) = try await verify("shipit.service", in: project) {
            $0.replacingOccurrences(of: "KillMode=process", with: "KillMode=gently")
        }
        #expect(words.contains("KillMode") || words.contains("gently"), "\(words)")
    }

    @Test func `stopping the server ends the server alone`() throws {
        for unit in ["shipit.service", "shipit-nightly.service"] {
            let text = try String(contentsOfFile: Self.folder + "/" + unit, encoding: .utf8)
            #expect(text.contains("\nKillMode=process\n"), "\(unit)")
        }
    }
}
