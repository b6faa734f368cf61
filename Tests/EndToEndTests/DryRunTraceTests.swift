import Foundation
import Testing

/// What a dry-run asks of the kernel: nothing that changes a file outside the state folder.
@Suite(.timeLimit(.minutes(3)), .needsBinaries, .needsStrace)
struct DryRunTraceTests {
    /// Everything that makes, changes or removes a file, or what is known of one.
    private static let changing = [
        "creat", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat",
        "symlink", "symlinkat", "truncate", "ftruncate", "chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown",
        "fchownat", "utime", "utimes", "utimensat", "futimesat", "mknod", "mknodat", "setxattr", "lsetxattr",
        "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "write", "pwrite64", "writev", "pwritev",
        "fallocate", "copy_file_range", "sendfile",
    ]

    private func trace(_ project: ScratchProject, _ arguments: [String]) async throws -> [Substring] {
        let file = project.base + "/trace"
        let engine = try ChildProcess(
            [
                "strace", "-f", "-y", "-qq", "-o", file, "-e",
                "trace=open,openat,openat2,\(Self.changing.joined(separator: ","))", try Binaries.shipit(),
            ] + arguments, folder: project.root,
            variables: project.variables.merging(["TOKEN": "wolf-1234"]) { $1 }, output: project.nextOutput())
        let ending = try await engine.ending(within: .seconds(120))
        #expect(ending == .code(0), "\(engine.printed)")
        return try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    }

    /// The paths that a line names: in quotes, and those of descriptors.
    private func paths(_ line: Substring) -> [String] {
        var found: [String] = []
        for (opening, closing) in [(Character("\""), Character("\"")), ("<", ">")] {
            var rest = line
            while let start = rest.firstIndex(of: opening) {
                rest = rest[rest.index(after: start)...]
                guard let end = rest.firstIndex(of: closing) else { break }
                found.append(String(rest[..<end]))
                rest = rest[rest.index(after: end)...]
            }
        }
        return found
    }

    /// What a line opens: a name is relative to the folder whose descriptor stands before it, or to where it works.
    private func opened(_ line: Substring, in project: ScratchProject) -> String? {
        guard let quote = line.firstIndex(of: "\"") else { return nil }
        let name = line[line.index(after: quote)...].prefix { $0 != "\"" }
        if name.hasPrefix("/") { return String(name) }
        let folder = line[..<quote].drop { $0 != "<" }.dropFirst().prefix { $0 != ">" }
        return (folder.isEmpty ? project.root : String(folder)) + "/" + name
    }

    private func offences(_ project: ScratchProject, in trace: [Substring]) -> [String] {
        let allowed = [
            project.path(".shipit"), "/dev/", "/proc/", NSTemporaryDirectory() + "shipit-plan-", project.base + "/out/",
            "pipe:", "socket:", "anon_inode:", "/memfd:", "TCP:", "UNIX", "/sys/fs/cgroup/",
        ]
        func isAllowed(_ path: String) -> Bool { allowed.contains { path.hasPrefix($0) } }
        return trace.compactMap { line in
            // Another thread's line in between, an end of a process: no call of its own.
            guard let name = line.split(separator: " ").dropFirst().first?.prefix(while: { $0 != "(" }),
                !line.contains("resumed>"), !line.contains(") = -1 ")
            else { return nil }
            if name.hasPrefix("open") {
                let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].contains { line.contains($0) }
                guard writes, let path = opened(line, in: project), !isAllowed(path) else { return nil }
                return String(line)
            }
            guard Self.changing.contains(String(name)) else { return nil }
            // Of a write, the text is in quotes as well, and only the descriptor counts.
            let isWrite = ["write", "pwrite64", "writev", "pwritev", "sendfile"].contains(String(name))
            let named = isWrite ? [String(line.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })] : paths(line)
            // Relative to a folder that is named before.
            let isInside = named.contains(where: isAllowed)
            return isInside ? nil : String(line)
        }
    }

    @Test func `nothing outside the state folder is made, changed or removed`() async throws {
        let project = try await ScratchProject(DryRunTests.pipeline, files: ["app.db": "not yet a database"])

        for arguments in [["deploy", "latest", "--dry-run"], ["deploy", "v1.0.0", "--dry-run", "--output", "json"]] {
            let trace = try await trace(project, arguments)

            #expect(trace.contains { $0.contains("journal.db") }, "the trace holds nothing")
            #expect(offences(project, in: trace) == [])
        }
    }

    /// So that the test above can fail: what a deployment does is seen.
    @Test func `a deployment is told from a dry-run by the same look`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages: {a: {run: echo a > effects.log}}
            """)

        let trace = try await trace(project, ["deploy", "latest"])

        #expect(offences(project, in: trace).contains { $0.contains("effects.log") })
    }
}
