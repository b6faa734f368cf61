import CSupervisor
import Foundation
import Glibc
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitActions

/// What hosts are given to read, read by the shells that they may have.
@Suite(.timeLimit(.minutes(2)))
struct RemoteScriptTests {
    static let shells = ["/bin/dash", "/bin/bash", "/bin/busybox"].filter(FileManager.default.isExecutableFile)

    /// A shell that reads a script as a host's does. Its input stays open until `close`.
    struct Remote {
        private let process: pid_t
        private let input: Int32
        private let log: String

        init(_ shell: String, _ text: String, in folder: String) throws {
            log = folder + "/log-\(UUID().uuidString)"
            var (reader, writer): (Int32, Int32) = (-1, -1)
            try #require(csup_input_pipe(&reader, &writer) == 0)
            let output = open(log + ".out", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
            let error = open(log + ".err", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
            defer { for descriptor in [reader, output, error] { Glibc.close(descriptor) } }
            let argv: [String] = [shell] + (shell.hasSuffix("busybox") ? ["sh"] : [])
            let environment: [String] = ["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=\(folder)"]
            var words: [UnsafeMutablePointer<CChar>?] = argv.map { strdup($0) } + [nil]
            var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
            defer { for pointer in words + variables { free(pointer) } }
            var child: pid_t = 0
            try #require(csup_spawn(&child, shell, &words, &variables, folder, reader, output, error, -1) == 0)
            let bytes = Array(text.utf8)
            try #require(write(writer, bytes, bytes.count) == bytes.count)
            (process, input) = (child, writer)
        }

        func close() { Glibc.close(input) }

        /// 128 and more for a signal, as shells say it.
        func code() async throws -> Int32 {
            var status: Int32 = 0
            while waitpid(process, &status, WNOHANG) == 0 { try await Task.sleep(for: .milliseconds(5)) }
            return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + status & 0x7f
        }

        var printed: String { (try? String(contentsOfFile: log + ".out", encoding: .utf8)) ?? "" }
        var complained: String { (try? String(contentsOfFile: log + ".err", encoding: .utf8)) ?? "" }
    }

    private func script(_ command: Command, _ variables: [String: String] = [:], tag: String = UUID().uuidString)
        -> RemoteScript
    {
        RemoteScript(
            command: command, variables: variables, workdir: nil, killAfter: .seconds(1), tag: ("SHIPIT_HOST_KEY", tag),
            own: ("SHIPIT_IDEMPOTENCY_KEY", UUID().uuidString), mayFindRemains: false)
    }

    private func alive(tagged tag: String) -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.contains { name in
            let environment = FileManager.default.contents(atPath: "/proc/\(name)/environ") ?? Data()
            return environment.range(of: Data("SHIPIT_HOST_KEY=\(tag)\0".utf8)) != nil
        }
    }

    @Test(arguments: shells)
    func `words and values arrive byte for byte`(shell: String) async throws {
        try await Scene.with { scene in
            let values = ["it's", "'", "\\'", "$HOME `id` $(id)", "a\nb\n", "", "-e", "*", "ü🚢", "\"", "\\", "!x"]
            let variables = Dictionary(uniqueKeysWithValues: values.enumerated().map { ("V\($0)", $1) })
            let names = values.indices.map { "\"$V\($0)\"" }.joined(separator: " ")
            let words = ["sh", "-c", "printf '%s\\0' \"$@\" \(names)", "sh"] + values
            let remote = try Remote(shell, script(.argv(words), variables).text, in: scene.root)
            #expect(try await remote.code() == 0, "\(remote.complained)")
            let arrived = remote.printed.split(separator: "\0", omittingEmptySubsequences: false).dropLast()
            #expect(arrived.map(String.init) == values + values)
        }
    }

    @Test(arguments: shells)
    func `a script is one for bash, and its exit code is told`(shell: String) async throws {
        try await Scene.with { scene in
            let remote = try Remote(shell, script(.script("echo a\nfalse | cat\necho b")).text, in: scene.root)
            #expect(try await remote.code() == 1)
            #expect(remote.printed == "a\n")
            #expect(try await Remote(shell, script(.script("exit 255")).text, in: scene.root).code() == 254)
            let last = try Remote(shell, script(.script("exit 255")).text, in: scene.root)
            #expect(try await last.code() == 254)
            #expect(last.complained.contains(RemoteScript.code255))
        }
    }

    @Test(arguments: shells)
    func `when the input ends the whole tree ends`(shell: String) async throws {
        try await Scene.with { scene in
            let tag = UUID().uuidString
            let stubborn = "trap '' TERM; setsid sh -c 'trap \"\" TERM; : > ready; sleep 300' & wait; sleep 300"
            let remote = try Remote(shell, script(.script(stubborn), tag: tag).text, in: scene.root)
            while !FileManager.default.fileExists(atPath: scene.path("ready")) {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(alive(tagged: tag))
            remote.close()
            while alive(tagged: tag) { try await Task.sleep(for: .milliseconds(20)) }
            #expect(try await remote.code() == 137)
        }
    }

    @Test(arguments: shells)
    func `what an attempt before left is ended before anything is done`(shell: String) async throws {
        try await Scene.with { scene in
            let tag = UUID().uuidString
            let first = try Remote(
                shell, script(.argv(["sh", "-c", ": > ready; sleep 300"]), tag: tag).text, in: scene.root)
            while !FileManager.default.fileExists(atPath: scene.path("ready")) {
                try await Task.sleep(for: .milliseconds(10))
            }
            var second = script(.script("echo second"), tag: tag)
            second.mayFindRemains = true
            let remote = try Remote(shell, second.text, in: scene.root)
            #expect(try await remote.code() == 0)
            #expect(try await first.code() == 143)
            #expect(remote.printed == "second\n")
        }
    }

    @Test(arguments: shells)
    func `half a script does nothing`(shell: String) async throws {
        try await Scene.with { scene in
            let text = script(.script(": > done")).text
            for part in [10, text.utf8.count / 2, text.utf8.count - 20] {
                let remote = try Remote(shell, String(text.prefix(part)), in: scene.root)
                remote.close()
                #expect(try await remote.code() != 0)
                #expect(!FileManager.default.fileExists(atPath: scene.path("done")))
            }
        }
    }

    // MARK: ssh

    @Test func `nothing of the command stands in the arguments of ssh`() {
        let host = Host(name: "a", user: "deploy", address: "fe80::1%eth0", port: 2222)
        let ssh = SSHCommand(host: host, config: "/a b/config", mark: ReachMark(path: "/100%/it's"))
        #expect(ssh.argv.prefix(5) == ["ssh", "-a", "-x", "-F", "/a b/config"])
        #expect(ssh.argv.suffix(7) == ["-l", "deploy", "-p", "2222", "--", "fe80::1%eth0", "exec /bin/sh"])
        #expect(ssh.argv.contains(#"LocalCommand=:>'/100%%/it'\''s'"#))
        for option in ["BatchMode=yes", "StrictHostKeyChecking=yes", "ControlPath=none"] {
            #expect(ssh.argv.contains(option))
        }
        #expect(ssh.line == "ssh -F '/a b/config' -p 2222 deploy@fe80::1%eth0")
    }

    @Test func `what ssh says becomes what to do`() {
        let host = Host(name: "a", address: "10.0.0.1", port: 2222)
        let ssh = SSHCommand(host: host, config: nil, mark: ReachMark(path: "/m"))
        #expect(
            ssh.trouble("No ED25519 host key is known.\nHost key verification failed.\n")
                == "its host key is not known here; check it, and make it known: ssh -p 2222 10.0.0.1")
        #expect(
            ssh.trouble("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.")
                .hasSuffix(
                    "ssh-keygen -R '[10.0.0.1]:2222'"))
        #expect(
            ssh.trouble("x@10.0.0.1: Permission denied (publickey).")
                == "x@10.0.0.1: Permission denied (publickey).; this must work without a question: ssh -p 2222 10.0.0.1 true"
        )
        #expect(ssh.trouble("") == "ssh said nothing")
    }

    @Test func `a host counts as not reached only where its mark says so`() async throws {
        try await Scene.with { scene in
            let mark = ReachMark(path: scene.path("mark"))
            #expect(mark.isReached, "nothing is known")
            try mark.prepare()
            #expect(!mark.isReached)
            try Data().write(to: URL(filePath: mark.path))
            #expect(mark.isReached)
            try mark.prepare()
            #expect(mark.isReached, "one that is taken up again stays as it is")
        }
    }
}
