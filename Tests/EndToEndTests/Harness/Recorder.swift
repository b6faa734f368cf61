import Foundation
import Testing

/// A chat service of the test's own: it keeps what it is asked, and answers what the test wants.
final class Recorder: Sendable {
    let port: Int
    private let folder: String
    private let process: ChildProcess

    struct Asked: Hashable {
        var method: String
        var path: String
        var authorization: String?
        var body: JSON
    }

    init() async throws {
        folder = NSTemporaryDirectory() + "shipit-e2e-recorder-" + UUID().uuidString.prefix(8).lowercased()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        process = try ChildProcess(
            ["python3", "-c", Self.program, folder], folder: folder,
            variables: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"], output: folder + "/out"
        )
        var found: Int?
        let portFile = folder + "/port"
        try await eventually("the start of the recorder") {
            found = FileManager.default.contents(atPath: portFile).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
            return found != nil
        }
        port = try #require(found)
    }

    deinit {
        process.signal(SIGKILL)
        // What cannot be removed stays in the temporary folder: it harms no other test.
        try? FileManager.default.removeItem(atPath: folder)
    }

    var url: String { "http://127.0.0.1:\(port)/hook" }

    /// In order.
    func asked() throws -> [Asked] {
        let text = FileManager.default.contents(atPath: folder + "/asked").map { String(decoding: $0, as: UTF8.self) }
        return try (text ?? "").split(separator: "\n").map { line in
            let json = try JSON(parsing: String(line))
            return Asked(
                method: json["method"].string ?? "", path: json["path"].string ?? "",
                authorization: json["authorization"].string, body: try JSON(parsing: json["body"].string ?? ""))
        }
    }

    /// From now on.
    func answer(_ status: Int, _ body: String) throws {
        try Data("\(status) \(body)".utf8).write(to: URL(fileURLWithPath: folder + "/answer"), options: .atomic)
    }

    private static let program = """
        import http.server, json, os, sys
        folder = sys.argv[1]
        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                asked = {"method": self.command, "path": self.path, "body": body}
                if "Authorization" in self.headers:
                    asked["authorization"] = self.headers["Authorization"]
                with open(folder + "/asked", "a") as file:
                    file.write(json.dumps(asked) + "\\n")
                status, text = 200, '{"id":"77","ok":true,"channel":"C1","ts":"12.5"}'
                if os.path.exists(folder + "/answer"):
                    with open(folder + "/answer") as file:
                        first, text = file.read().split(" ", 1)
                    status = int(first)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())
            do_GET = do_POST = do_PATCH = answer
            def log_message(self, *arguments):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        with open(folder + "/port.part", "w") as file:
            file.write(str(server.server_address[1]))
        os.rename(folder + "/port.part", folder + "/port")
        server.serve_forever()
        """
}
