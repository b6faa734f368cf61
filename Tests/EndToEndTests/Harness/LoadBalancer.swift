import Foundation
import Glibc
import Testing

/// HAProxy or nginx before two servers, all of the test's own.
final class LoadBalancer: Sendable {
    enum Kind { case haproxy, nginx }

    let folder: String
    /// Where requests go in.
    let front: Int
    /// The two servers' ports.
    let servers: [Int]
    private let runtime: Int
    private let processes: [ChildProcess]

    init(_ kind: Kind) async throws {
        let folder = NSTemporaryDirectory() + "shipit-e2e-lb-" + UUID().uuidString.prefix(8).lowercased()
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let first = try FreePorts.row(of: 4)
        (front, runtime, servers) = (first, first + 1, [first + 2, first + 3])
        let variables = ["PATH": (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin"]
        let behind = try ChildProcess(
            ["python3", "-c", Self.program, folder] + servers.map { "\($0)" }, folder: folder, variables: variables,
            output: folder + "/servers")
        let argv: [String]
        switch kind {
        case .haproxy:
            try Self.haproxy(folder, first).write(toFile: folder + "/conf", atomically: true, encoding: .utf8)
            argv = [try #require(Installed.path("haproxy")), "-db", "-f", folder + "/conf"]
        case .nginx:
            try Self.nginx(folder, first).write(toFile: folder + "/conf", atomically: true, encoding: .utf8)
            try "server 127.0.0.1:\(first + 2) max_fails=0; # one\n  server 127.0.0.1:\(first + 3) max_fails=0;\n"
                .write(
                    toFile: folder + "/upstream", atomically: true, encoding: .utf8)
            argv = [try #require(Installed.path("nginx")), "-e", "stderr", "-p", folder, "-c", folder + "/conf"]
        }
        let balancer = try ChildProcess(argv, folder: folder, variables: variables, output: folder + "/balancer")
        processes = [behind, balancer]
        try await eventually("both servers answer through \(argv[0]): \(balancer.printed)") {
            try await Set(answers(4)) == Set(servers.map { "\($0)" })
        }
    }

    deinit {
        for process in processes.reversed() {
            for child in ProcessTable.descendants(of: process.id) { kill(child.id, SIGKILL) }
            process.signal(SIGKILL)
        }
        // What cannot be removed stays in the temporary folder: it harms no other test.
        try? FileManager.default.removeItem(atPath: folder)
    }

    var admin: String { "tcp://127.0.0.1:\(runtime)" }
    var unixAdmin: String { "unix://\(folder)/sock" }
    var reload: String {
        "[\(Installed.path("nginx") ?? "nginx"), -e, stderr, -p, \(folder), -c, \(folder)/conf, -s, reload]"
    }
    var upstream: String { (try? String(contentsOfFile: folder + "/upstream", encoding: .utf8)) ?? "" }

    /// The ports of the servers that answered so many requests.
    func answers(_ count: Int) async throws -> [String] {
        let argv = ["curl", "-s", "--max-time", "5"] + (0..<count).map { _ in "http://127.0.0.1:\(front)/" }
        // A connection each: kept ones would all go to one server.
        return try await text(argv + ["-H", "Connection: close"]).split(separator: "\n").map(String.init)
    }

    /// Holds a request open at the first server until the test lets it go; returns once it is there.
    func hold() async throws -> ChildProcess {
        for _ in 0..<4 {
            let request = try start(["curl", "-s", "--max-time", "60", "http://127.0.0.1:\(front)/hold"])
            var at: String?
            try await eventually("a request that is held") {
                at = try? String(contentsOfFile: folder + "/held", encoding: .utf8)
                return at != nil
            }
            try FileManager.default.removeItem(atPath: folder + "/held")
            if at == "\(servers[0])" { return request }
        }
        throw NeverHappened(what: "a request at the first server")
    }

    func letGo() throws { try Data().write(to: URL(fileURLWithPath: folder + "/go")) }

    /// HAProxy's own word: its `srv_admin_state`.
    func adminState() async throws -> Int? {
        let line = try await ask("show servers state be").split(separator: "\n").first { $0.contains(" web1 ") }
        return line.flatMap { Int($0.split(separator: " ")[6]) }
    }

    func ask(_ line: String) async throws -> String {
        let program = """
            import socket, sys
            s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
            s.sendall((sys.argv[2] + "\\n").encode())
            while part := s.recv(65536): sys.stdout.write(part.decode())
            """
        return try await text(["python3", "-c", program, "\(runtime)", line])
    }

    private func text(_ argv: [String]) async throws -> String {
        let process = try start(argv)
        _ = try await process.ending(within: .seconds(20))
        return process.standardOutput
    }

    private func start(_ argv: [String]) throws -> ChildProcess {
        try ChildProcess(
            argv, folder: folder,
            variables: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"],
            output: "\(folder)/out-\(UUID().uuidString)")
    }

    private static func haproxy(_ folder: String, _ first: Int) -> String {
        """
        global
            stats socket ipv4@127.0.0.1:\(first + 1) level admin
            stats socket \(folder)/sock mode 600 level admin
        defaults
            mode http
            timeout connect 5s
            timeout client 60s
            timeout server 60s
        frontend front
            bind 127.0.0.1:\(first)
            default_backend be
        backend be
            server web1 127.0.0.1:\(first + 2)
            server web2 127.0.0.1:\(first + 3)

        """
    }

    private static func nginx(_ folder: String, _ first: Int) -> String {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder)/\($0);" }
        return """
            daemon off; pid \(folder)/pid; error_log stderr; worker_processes 1;
            \(geteuid() == 0 ? "user root;" : "")
            events {}
            http {
                access_log off; \(temporary.joined(separator: " "))
                upstream be { include \(folder)/upstream; }
                server { listen 127.0.0.1:\(first); location / { proxy_pass http://be; } }
            }
            """
    }

    private static let program = """
        import http.server, os, sys, threading, time
        folder = sys.argv[1]
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                port = self.server.server_address[1]
                if self.path == "/hold":
                    with open(folder + "/held.part", "w") as file:
                        file.write(str(port))
                    os.rename(folder + "/held.part", folder + "/held")
                    for _ in range(1200):
                        if os.path.exists(folder + "/go"):
                            break
                        time.sleep(0.05)
                body = (str(port) + "\\n").encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *arguments):
                pass
        for port in sys.argv[2:]:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
            threading.Thread(target=server.serve_forever).start()
        """
}
