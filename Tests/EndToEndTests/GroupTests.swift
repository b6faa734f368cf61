import Foundation
import Glibc
import Testing

/// A state folder that belongs to a group (2770): its members share the runs, and nobody else sees them.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries, .needsOtherUsers)
struct GroupTests {
    /// What the stages write of the project is for both; their umask is of no concern to shipit.
    static let pipeline = """
        shipit: 1
        name: deploy
        stages:
          a: {run: umask 0; echo a >> effects.log; ops/await go, rollback: {run: umask 0; echo undo-a >> effects.log}}
        """

    /// Two members and one who is none, without names: the machine's list of users stays as it is.
    private enum Person: String {
        case ana = "30001"
        case bob = "30002"
        case eve = "30003"

        var groups: String { self == .eve ? "30003" : "30000" }
    }

    private func shared() async throws -> (project: ScratchProject, state: String) {
        let project = try await ScratchProject(Self.pipeline)
        let state = project.base + "/state"
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
        try project.write("../home/.gitconfig", "[safe]\n\tdirectory = \(project.root)\n")
        let script = """
            chgrp 30000 '\(state)' && chmod 2770 '\(state)' && chown -R 30001:30000 '\(project.root)'
            chmod -R g+rwX '\(project.root)' && chmod 755 '\(project.base)' '\(project.base)/home'
            """
        let shell = try ChildProcess(
            ["sh", "-ec", script], folder: project.base, variables: project.variables, output: project.nextOutput())
        try #require(try await shell.ending(within: .seconds(20)) == .code(0), "\(shell.printed)")
        return (project, state)
    }

    private func start(_ person: Person, _ arguments: String..., in project: ScratchProject) throws -> ChildProcess {
        let become = ["setpriv", "--reuid", person.rawValue, "--regid", person.rawValue, "--groups", person.groups]
        // Nothing of what is kept may depend on who is how careful.
        let shell = ["sh", "-c", "umask 077; exec \"$@\"", "sh"]
        return try ChildProcess(
            become + shell + [try Binaries.shipit()] + arguments + ["--state", project.base + "/state"],
            folder: project.root, variables: project.variables, output: project.nextOutput())
    }

    private func shipit(_ person: Person, _ arguments: String..., in project: ScratchProject) async throws -> Shipit {
        let process =
            switch arguments.count {
            case 1: try start(person, arguments[0], in: project)
            case 2: try start(person, arguments[0], arguments[1], in: project)
            default: try start(person, arguments[0], arguments[1], arguments[2], in: project)
            }
        return try await project.finish(process)
    }

    private func events(_ project: ScratchProject) async throws -> Int {
        try await project.shipit("journal", "--output", "jsonl", "--state", project.base + "/state").lines.count
    }

    /// Everything below the state folder but the releases' trees, which are read-only.
    private func modes(_ state: String) throws -> [String: Int] {
        var modes: [String: Int] = [:]
        for case let path as String in FileManager.default.enumerator(atPath: state) ?? .init() {
            // What a command wrote itself has the mode that its own umask gives.
            if path.hasPrefix("trees/") || path.hasSuffix(".sock") || path.hasSuffix("/output") { continue }
            modes[path] =
                try FileManager.default.attributesOfItem(atPath: state + "/" + path)[.posixPermissions] as? Int
        }
        return modes
    }

    @Test func `what one member began another takes up, and everything kept is the group's`() async throws {
        let (project, state) = try await shared()
        let deploy = try start(.ana, "deploy", "v1.0.0", in: project)
        try await project.untilEffect("a")
        try await project.killNow(deploy)
        let before = try await events(project)

        // Ana's command still runs, as ana: nobody else may take it up, and nobody who may not takes the lock.
        try await shipit(.bob, "rollback", "--yes", in: project).exits(1).says("supervisor of", "nothing was changed")
        #expect(try await events(project) == before)
        try project.touch("go")
        try await project.untilNoProcess()
        try await shipit(.bob, "rollback", "--yes", in: project).exits(0)
        #expect(project.effects == ["a", "undo-a"])
        try await shipit(.ana, "deploy", "v1.0.0", in: project).exits(0)
        try await shipit(.bob, "audit", "verify", in: project).exits(0)

        for (path, mode) in try modes(state) {
            #expect(mode & 0o007 == 0, "\(path) is open to all: \(String(mode, radix: 8))")
            #expect(mode & 0o060 == 0o060, "\(path) is closed to the group: \(String(mode, radix: 8))")
        }
        try await shipit(.eve, "status", in: project).exits(1).says("state")
    }

    @Test func `who may read a run and not its folder is told before the lock is taken`() async throws {
        let (project, state) = try await shared()
        try project.touch("go")
        try await shipit(.ana, "deploy", "v1.0.0", in: project).exits(0)
        let run = try #require(try FileManager.default.contentsOfDirectory(atPath: state + "/runs").first)
        chmod("\(state)/runs/\(run)", 0o700)
        let before = try await events(project)

        for words in ["rollback", "status"] {
            let ended = try await shipit(.bob, words, run, in: project)
            ended.exits(words == "status" ? 0 : 1)
            if words == "rollback" { ended.says("cannot be taken up", run, "Permission denied", "nothing was changed") }
        }

        #expect(try await events(project) == before)
        try await shipit(.ana, "rollback", run, in: project).exits(0)
    }

    @Test func `who may only read looks, and changes nothing`() async throws {
        let (project, state) = try await shared()
        try project.touch("go")
        try await shipit(.ana, "deploy", "v1.0.0", in: project).exits(0)
        for (path, mode) in try modes(state) where !path.hasPrefix("runs") {
            chmod(state + "/" + path, mode_t(mode & ~0o020))
        }

        for words in ["status", "runs", "journal"] { try await shipit(.bob, words, in: project).exits(0) }
        try await shipit(.bob, "audit", "verify", in: project).exits(0)
        try await shipit(.bob, "audit", "export", in: project).exits(0)
        try await shipit(.bob, "deploy", "v1.0.0", "--again", in: project).exits(1)

        #expect(project.effects == ["a"])
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips, with the reason printed, where this process cannot become other users.
    static var needsOtherUsers: Self {
        .enabled(
            if: Binaries.areRequired || (geteuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0),
            "only the superuser can become others, and setpriv is needed for that")
    }
}

/// On a disk that cannot be written, looking works and everything else says why not.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct ReadOnlyDiskTests {
    @Test func `a read-only disk is looked at, and nothing else`() async throws {
        let disk = try await SmallDisk(kilobytes: 16_000)
        guard disk.isMounted else { return }
        let project = try await ScratchProject(OperatorTests.simple)
        try await project.shipit("deploy", "v1.0.0", "--state", disk.folder).exits(0)
        try #require(mount(nil, disk.folder, nil, UInt(MS_REMOUNT | MS_RDONLY), nil) == 0)

        for words in [["status"], ["runs"], ["journal"], ["logs"], ["audit", "verify"], ["audit", "export"]] {
            try await project.shipit(arguments: words + ["--state", disk.folder]).exits(0)
        }
        try await project.shipit("doctor", "--state", disk.folder).exits(1).says("cannot be written")
        try await project.shipit("deploy", "v1.0.0", "--again", "--state", disk.folder).exits(1).says(disk.folder)
        try await project.shipit("unlock", "default", "--state", disk.folder).exits(0)
        #expect(project.effects == ["a 1.0.0", "b 1.0.0"])
    }
}
