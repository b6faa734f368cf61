import Foundation
import Glibc
import Testing

/// An HTTP server of the test's own that can turn bad, and answers for as long as the test holds it.
final class TestServer: Sendable {
    let port: Int
    private let folder: String
    private let process: ChildProcess

    init() async throws {
        folder = NSTemporaryDirectory() + "shipit-e2e-server-" + UUID().uuidString.prefix(8).lowercased()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        process = try ChildProcess(
            ["python3", "-c", Self.program, folder], folder: folder,
            variables: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"], output: folder + "/out"
        )
        var found: Int?
        let portFile = folder + "/port"
        try await eventually("the start of the test's server") {
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

    /// From now on every request is answered with 500.
    func turnBad() throws { try Data().write(to: URL(fileURLWithPath: folder + "/bad")) }

    /// From now on every answer takes longer, by so many seconds.
    func turnSlow(by seconds: Double) throws {
        try Data("\(seconds)".utf8).write(to: URL(fileURLWithPath: folder + "/slow"), options: .atomic)
    }

    private static let program = """
        import http.server, os, sys, time
        folder = sys.argv[1]
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                body = b"ok\\n"
                if os.path.exists(folder + "/slow"):
                    time.sleep(float(open(folder + "/slow").read()))
                self.send_response(500 if os.path.exists(folder + "/bad") else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *arguments):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        with open(folder + "/port.part", "w") as file:
            file.write(str(server.server_address[1]))
        os.rename(folder + "/port.part", folder + "/port")
        server.serve_forever()
        """
}

/// Ports that nobody listens on at the moment, a row of them.
enum FreePorts {
    static func row(of count: Int) throws -> Int {
        for _ in 0..<50 {
            let first = Int.random(in: 20_000..<32_000)
            if (first..<first + count).allSatisfy(isFree) { return first }
        }
        throw NeverHappened(what: "a row of \(count) free ports")
    }

    private static func isFree(_ port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
