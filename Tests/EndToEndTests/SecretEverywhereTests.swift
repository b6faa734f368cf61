import Foundation
import Testing

/// One run in which secrets from everywhere go everywhere, and a look at every place where they could stay.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct SecretEverywhereTests {
    /// What a command may make of a secret before it prints it.
    private static let printing = """
        #!/usr/bin/env python3
        import base64, json, os, shlex, sys, time, urllib.parse
        for name in ("TOKEN", "PASSWORD", "KEY"):
            secret = os.environ[name]
            for stream in (sys.stdout, sys.stderr):
                for cut in range(1, len(secret)):
                    stream.write(secret[:cut]); stream.flush()
                    stream.write(secret[cut:] + "\\n"); stream.flush()
                for offset in range(3):
                    print(base64.b64encode(b"x" * offset + secret.encode() + b"yz").decode(), file=stream)
                    print(base64.urlsafe_b64encode(b"x" * offset + secret.encode()).decode(), file=stream)
                print(urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret), file=stream)
                print(json.dumps({"s": secret}), json.dumps(secret, ensure_ascii=False), shlex.quote(secret), file=stream)
        """

    private static func pipeline(_ port: Int) -> String {
        """
        shipit: 1
        name: deploy
        secrets:
          FROM_ENV: {env: THE_TOKEN}
          FROM_FILE: {file: ../secret.txt}
          FROM_COMMAND: {command: [cat, ../other.txt]}
        stages:
          first:
            env:
              TOKEN: "${{ secrets.FROM_ENV }}"
              PASSWORD: "${{ secrets.FROM_FILE }}"
              KEY: "${{ secrets.FROM_COMMAND }}"
            retry: {attempts: 2, delay: 10ms}
            run: |
              ops/print
              echo first >> effects.log
              ops/await go
              test "$SHIPIT_ATTEMPT" = 2
            rollback: {run: "ops/print; echo undone >> effects.log"}
            finally: ops/print; echo finally >> effects.log
          asked:
            needs: [first]
            checks: door
          last:
            needs: [asked]
            env: {PASSWORD: "${{ secrets.FROM_FILE }}"}
            run: |
              echo "the password $PASSWORD is wrong" >&2
              exit 1
        checks:
          door:
            - {name: Door, http: "http://127.0.0.1:\(port)/", headers: {Authorization: "${{ secrets.FROM_ENV }}"}}
        """
    }

    private let token = "tok'\"<>&-\(UInt64.random(in: 100_000_000...999_999_999))"
    private let password = "päss wörd \(UInt64.random(in: 100_000_000...999_999_999))"
    private let key =
        "key/\(UInt64.random(in: 100_000_000...999_999_999))+=\nsecond line \(UInt64.random(in: 100_000...999_999))"

    /// The same secrets as a stranger would look for them.
    private func forms() throws -> [String] {
        try [token, password, key].flatMap { secret in
            let json = try String(decoding: JSONEncoder().encode([secret]).dropFirst(2).dropLast(2), as: UTF8.self)
            let base64 = (0..<3).map { offset -> String in
                let bytes = Data(repeating: 0x78, count: offset) + Data(secret.utf8) + Data("yz".utf8)
                let own = (offset * 8 + 5) / 6..<(offset + secret.utf8.count) * 8 / 6
                return String(decoding: Array(bytes.base64EncodedString().utf8)[own], as: UTF8.self)
            }
            let url = secret.addingPercentEncoding(
                withAllowedCharacters: CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyz0123456789-_.~"))
            let lines = secret.split(separator: "\n").map(String.init)
            return [secret, json, secret.replacing("'", with: "'\"'\"'")] + base64 + [url].compactMap { $0 } + lines
        }
    }

    @Test func `secrets from everywhere that go everywhere stay nowhere`() async throws {
        let server = try await TestServer()
        let project = try await ScratchProject(Self.pipeline(server.port), files: ["ops/print": Self.printing])
        try project.write("../secret.txt", password + "\n")
        try project.write("../other.txt", key + "\n")
        let forms = try forms()
        let deploy = try project.start("deploy", "v1.0.0", "--output", "jsonl", variables: ["THE_TOKEN": token])
        try await project.untilEffect("first")

        // Anybody may read how a process was started; its environment, only its user.
        for line in ProcessTable.commandLines() { #expect(!forms.contains { line.contains($0) }, "\(line)") }
        for process in project.processes where process.id != deploy.id {
            let environment = ProcessTable.environment(of: process.id)
            let isStage = environment.contains("SHIPIT_STAGE=first")
            #expect(isStage || !forms.contains { environment.contains($0) }, "\(process)")
        }
        try project.touch("go")
        try await project.finish(deploy).exits(4)
        #expect(project.effects == ["first", "first", "undone", "finally"])

        for words in [
            ["logs", "latest"], ["logs", "latest", "--output", "jsonl"], ["logs", "latest", "--output", "json"],
            ["journal", "latest"], ["journal", "latest", "--output", "jsonl"], ["status", "latest"],
            ["status", "latest", "--output", "json"], ["runs", "--output", "json"], ["plan", "v1.0.0"],
            ["plan", "v1.0.0", "--output", "json"],
        ] {
            let told = try ChildProcess(
                [try Binaries.shipit()] + words, folder: project.root,
                variables: project.variables.merging(["THE_TOKEN": token]) { $1 }, output: project.nextOutput())
            _ = try await told.ending(within: .seconds(30))
        }
        try await project.untilNoProcess()
        for file in ["../secret.txt", "../other.txt"] {
            try FileManager.default.removeItem(atPath: project.path(file))
        }
        // The whole state folder, and everything that the commands above have printed.
        let image = try FolderImage(of: project.base)
        for form in forms { #expect(image.files(containing: form) == [], "\(form)") }
        #expect(image.files(containing: "***").contains { $0.hasSuffix("output.log") })
    }
}
