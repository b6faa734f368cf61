import Foundation
import ShipitCore
import ShipitEngine
import ShipitProbes
import Testing

let tcpProbe = TCPProbe()

/// The probes against the real thing.
@Suite(.timeLimit(.minutes(5)))
struct RealServerTests {
    // MARK: TLS

    /// A certificate of an authority of the test's own, that ends in `days`.
    private func makeCertificates(in folder: String, days: Int) async throws {
        try await make(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                "ca.key",
                "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "90",
            ], in: folder)
        try await make(
            [
                "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                "server.key",
                "-out", "server.csr", "-subj", "/CN=localhost",
            ], in: folder)
        try Data("subjectAltName=DNS:localhost,IP:127.0.0.1\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/san"))
        try await make(
            [
                "openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out",
                "server.pem", "-days", "\(days)", "-extfile", "san",
            ], in: folder)
    }

    private func withNginx(_ body: (_ folder: String, _ tls: UInt16, _ plain: UInt16) async throws -> Void) async throws
    {
        try await withFolder { folder in
            try await makeCertificates(in: folder, days: 20)
            let (tls, plain) = (try closedPort(), try closedPort())
            let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
                "\($0)_temp_path \(folder)/\($0);"
            }
            let configuration = """
                daemon off; pid \(folder)/pid; error_log stderr; worker_processes 1;
                \(geteuid() == 0 ? "user root;" : "")
                events {}
                http {
                    access_log off; \(temporary.joined(separator: " "))
                    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
                    server {
                        listen 127.0.0.1:\(tls) ssl; ssl_protocols TLSv1.3;
                        ssl_certificate \(folder)/server.pem; ssl_certificate_key \(folder)/server.key;
                        location / { return 200 "hello"; }
                    }
                    server {
                        listen 127.0.0.1:\(plain);
                        location /old { return 301 /new; }
                        location / { return 200 "hello"; }
                    }
                }
                """
            try Data(configuration.utf8).write(to: URL(fileURLWithPath: "\(folder)/nginx.conf"))
            try await RealServer.with(
                [program("nginx"), "-e", "stderr", "-p", folder, "-c", "\(folder)/nginx.conf"], in: folder, port: tls
            ) {
                try await body(folder, tls, plain)
            }
        }
    }

    @Test(.enabled(if: programsAreThere("nginx", "openssl")))
    func `nginx shows how long its certificate holds, what it speaks, and who vouches for it`() async throws {
        try await withNginx { folder, port, _ in
            let probe = TLSProbe()
            let place = "localhost:\(port)"
            let good = await ask(
                probe, place, ["expires-in": "> 10d", "protocol": "TLSv1.3", "ca": "ca.pem"], in: folder)
            #expect(good.verdict == .passed, "\(good)")
            #expect((18.0 * 86_400...20 * 86_400).contains(good.number ?? 0))
            #expect(await ask(probe, "127.0.0.1:\(port)", ["ca": "ca.pem"], in: folder).verdict == .passed)
            let short = await ask(probe, place, ["expires-in": "> 30d", "ca": "ca.pem"], in: folder)
            #expect(short.missed == ["expires-in"])
            #expect(
                await ask(probe, place, ["protocol": "TLSv1.2", "ca": "ca.pem"], in: folder).missed == ["protocol"])
            #expect(await ask(probe, place, in: folder).missed == ["chain"])
            #expect(await ask(probe, place, ["chain": "no"], in: folder).verdict == .passed)
            #expect(
                await ask(probe, place, ["ca": "ca.pem", "server-name": "other.example"], in: folder).missed == [
                    "chain"
                ])
        }
    }

    @Test(.enabled(if: programsAreThere("nginx", "openssl")))
    func `nginx redirects, and its HSTS is long enough or not`() async throws {
        try await withNginx { _, tls, port in
            let probe = HTTPProbe()
            let url = "http://127.0.0.1:\(port)"
            let hsts: (String) -> [String: ResolvedValue] = {
                ["header": .map(["strict-transport-security": .text($0)])]
            }
            #expect(await ask(probe, url, hsts("max-age >= 31536000")).verdict == .passed)
            #expect(await ask(probe, url, hsts("max-age > 31536000")).missed == ["header"])
            #expect(await ask(probe, url, hsts("no-such > 1")).missed == ["header"])
            #expect(await ask(probe, url, hsts("max-age=31536000")).verdict == .passed)
            #expect(await ask(probe, "\(url)/old", ["redirect": "/new"]).verdict == .passed)
            #expect(await ask(probe, "\(url)/old", ["redirect": "/newer"]).missed == ["redirect"])
            #expect(await ask(probe, url, ["redirect": "/new"]).missed == ["redirect"])
            #expect(
                await ask(probe, url, ["certificate": "> 1d"]).verdict == .noAnswer("certificate: only https has one"))
            guard case .noAnswer = await ask(probe, "https://localhost:\(tls)/").verdict else {
                Issue.record("a server that nobody vouches for was believed")
                return
            }
        }
    }

    // MARK: DNS

    @Test(.enabled(if: programsAreThere("dnsmasq")))
    func `dnsmasq is asked for records of several types`() async throws {
        try await withFolder { folder in
            let port = try closedPort()
            try await RealServer.with(
                [
                    program("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                    "--port=\(port)",
                    "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file=\(folder)/pid",
                    "--user=\(NSUserName())",
                    "--log-facility=-", "--local-ttl=300", "--host-record=app.example,10.1.2.3,fd00::12",
                    "--txt-record=app.example,v=spf1 -all",
                    "--mx-host=app.example,mail.example,10", "--cname=www.example,app.example", "--local=/example/",
                ],
                in: folder, port: port
            ) {
                let probe = DNSProbe()
                func asked(_ name: String, _ fields: [String: ResolvedValue]) async -> Measurement {
                    await ask(probe, name, fields.merging(["server": .text("127.0.0.1:\(port)")]) { $1 })
                }
                let good = await asked(
                    "app.example", ["resolves": "10.1.2.3", "records": "== 1", "record-ttl": ">= 5m", "time": "< 5s"])
                #expect(good.verdict == .passed, "\(good)")
                #expect(await asked("app.example", ["type": "AAAA", "resolves": "fd00::12"]).verdict == .passed)
                #expect(await asked("app.example", ["type": "TXT", "resolves": "/^v=spf1/"]).verdict == .passed)
                #expect(await asked("app.example", ["type": "MX", "resolves": "10 mail.example"]).verdict == .passed)
                #expect(await asked("www.example", ["resolves": "10.1.2.3"]).verdict == .passed)
                #expect(await asked("app.example", ["resolves": "10.9.9.9"]).missed == ["resolves"])
                #expect(await asked("app.example", ["record-ttl": "> 1h"]).missed == ["record-ttl"])
                #expect(await asked("nobody.example", [:]).verdict == .failed("there is no name nobody.example"))
            }
        }
    }

    // MARK: Redis

    @Test(.enabled(if: programsAreThere("redis-server")))
    func `Redis tells its role, its memory and its replica's lag, to who knows the password`() async throws {
        try await withFolder { folder in
            let (port, replicaPort) = (try closedPort(), try closedPort())
            let common = ["--bind", "127.0.0.1", "--save", "", "--dir", folder, "--daemonize", "no"]
            try await RealServer.with(
                ["redis-server", "--port", "\(port)", "--requirepass", "open sesame", "--maxmemory", "64mb"] + common,
                in: folder, port: port
            ) {
                try await RealServer.with(
                    [
                        "redis-server", "--port", "\(replicaPort)", "--replicaof", "127.0.0.1", "\(port)",
                        "--masterauth",
                        "open sesame",
                        "--dbfilename", "replica.rdb", "--repl-diskless-load", "on-empty-db",
                    ] + common, in: folder, port: replicaPort
                ) {
                    let probe = RedisProbe()
                    let place = "127.0.0.1:\(port)"
                    func asked(_ fields: [String: ResolvedValue]) async -> Measurement {
                        await ask(
                            probe, place, fields.merging(["password": "open sesame"]) { $1 }, secrets: ["open sesame"])
                    }
                    try await eventually("the replica is in step") {
                        await asked(["replicas": "== 1", "lag": "< 1m"]).verdict == .passed
                    }
                    let good = await asked([
                        "role": "master", "used": "< 50%", "time": "< 5s",
                        "info": .map(["maxmemory": "== 67108864", "redis_mode": "standalone"]),
                    ])
                    #expect(good.verdict == .passed, "\(good)")
                    #expect((0.001...0.5).contains(good.number ?? 0))
                    #expect(await asked(["role": "replica"]).missed == ["role"])
                    #expect(await asked(["used": "< 0.01%"]).missed == ["used"])
                    #expect(await asked(["info": .map(["no_such_field": "1"])]).missed == ["info"])
                    let stranger = await ask(probe, place)
                    guard case .noAnswer(let reason) = stranger.verdict else {
                        Issue.record("it answered a stranger")
                        return
                    }
                    #expect(reason.hasPrefix("it refused: NOAUTH"))
                    let copy = await ask(probe, "127.0.0.1:\(replicaPort)", ["role": "replica", "lag": "< 1m"])
                    #expect(copy.verdict == .passed, "\(copy)")
                }
            }
        }
    }

    // MARK: PostgreSQL

    private static let postgres: String? = {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.sorted().last.map { "\(root)/\($0)/bin" }
    }()

    @Test(.enabled(if: programsAreThere("psql", "\(postgres ?? "/none")/initdb")))
    func `PostgreSQL is connected to and asked, and changes nothing`() async throws {
        let bin = try #require(Self.postgres)
        try await withFolder { folder in
            let port = try closedPort()
            // PostgreSQL does not start as the superuser.
            let other =
                geteuid() == 0 ? ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] : []
            if geteuid() == 0 { try await make(["chown", "postgres", folder], in: folder) }
            try Data("open sesame\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/password"))
            try await make(["chmod", "0644", "\(folder)/password"], in: folder)
            try await make(
                other + [
                    "\(bin)/initdb", "-D", "\(folder)/data", "-A", "scram-sha-256", "-U", "app", "--pwfile",
                    "\(folder)/password", "-N",
                ], in: folder)
            try await RealServer.with(
                other + [
                    "\(bin)/postgres", "-D", "\(folder)/data", "-p", "\(port)", "-h", "127.0.0.1", "-k", folder, "-F",
                ],
                in: folder, port: port
            ) {
                let probe = PostgreSQLProbe()
                let place = "host=127.0.0.1 port=\(port) user=app dbname=postgres"
                func asked(_ fields: [String: ResolvedValue]) async -> Measurement {
                    await ask(
                        probe, place, fields.merging(["password": "open sesame"]) { $1 }, timeout: .seconds(30),
                        secrets: ["open sesame"])
                }
                try await eventually("PostgreSQL takes connections") { await asked([:]).verdict == .passed }
                let good = await asked([
                    "query": "select 40 + 2", "number": "== 42", "rows": "== 1", "value": "/^42$/", "time": "< 30s",
                ])
                #expect(good.verdict == .passed && good.number == 42, "\(good)")
                #expect(await asked(["query": "select 42", "number": "< 42"]).missed == ["number"])
                #expect(await asked(["query": "select 'NaN'::float", "number": "< 42"]).missed == ["number"])
                #expect(await asked(["query": "select 1 where false", "number": "< 42"]).missed == ["number"])
                guard case .noAnswer(let refusal) = await asked(["query": "create table t ()"]).verdict else {
                    Issue.record("a check has written")
                    return
                }
                #expect(refusal.contains("read-only"))
                guard
                    case .noAnswer(let wrong) = await ask(probe, place, ["password": "no"], timeout: .seconds(30))
                        .verdict
                else {
                    Issue.record("any password will do")
                    return
                }
                #expect(wrong.contains("password authentication failed"))
            }
        }
    }

    @Test func `a password in the connection string is refused, because everybody would see it`() async {
        for place in ["host=x password=y", "postgresql://app:secret@db/app"] {
            guard case .noAnswer(let reason) = await ask(PostgreSQLProbe(), place).verdict else {
                Issue.record("it was taken")
                return
            }
            #expect(reason.hasPrefix("postgresql: holds a password"))
        }
    }

    // MARK: Prometheus

    @Test(.enabled(if: programsAreThere("prometheus")))
    func `Prometheus gives one number, or none and says so`() async throws {
        try await withFolder { folder in
            let (port, dead) = (try closedPort(), try closedPort())
            let configuration = """
                scrape_configs:
                  - {job_name: self, scrape_interval: 250ms, static_configs: [{targets: ["127.0.0.1:\(port)"]}]}
                  - {job_name: gone, scrape_interval: 250ms, static_configs: [{targets: ["127.0.0.1:\(dead)"]}]}
                """
            try Data(configuration.utf8).write(to: URL(fileURLWithPath: "\(folder)/prometheus.yml"))
            try await RealServer.with(
                [
                    "prometheus", "--config.file=\(folder)/prometheus.yml", "--storage.tsdb.path=\(folder)/data",
                    "--web.listen-address=127.0.0.1:\(port)",
                ], in: folder, port: port
            ) {
                let probe = PrometheusProbe()
                let url = "http://127.0.0.1:\(port)"
                try await eventually("it has scraped itself") {
                    await ask(probe, url, ["query": "up{job=\"self\"}", "value": "== 1"]).verdict == .passed
                }
                try await eventually("it has missed the other") {
                    await ask(probe, url, ["query": "up{job=\"gone\"}", "value": "== 0"]).verdict == .passed
                }
                #expect(await ask(probe, url, ["query": "sum(up)", "value": "> 1"]).missed == ["value"])
                #expect(
                    await ask(probe, url, ["query": "up"]).verdict
                        == .noAnswer("the query gives 2 series, and one is needed"))
                #expect(
                    await ask(probe, url, ["query": "no_such_metric"]).verdict
                        == .noAnswer("no data: the query gives nothing"))
                #expect(
                    await ask(probe, url, ["query": "sum(up) * 0 / 0"]).verdict
                        == .noAnswer("no data: the query gives NaN")
                )
                #expect(await ask(probe, url, ["up": ">= 100%", "job": "self"]).verdict == .passed)
                #expect(await ask(probe, url, ["up": ">= 100%"]).missed == ["up"])
                #expect(
                    await ask(probe, url, ["up": ">= 100%", "job": "none"]).verdict
                        == .noAnswer("no data: there are no such targets"))
                guard case .noAnswer = await ask(probe, url, ["query": "sum("]).verdict else {
                    Issue.record("nonsense was answered")
                    return
                }
            }
        }
    }

    // MARK: SMTP

    @Test(.enabled(if: programsAreThere("/usr/bin/aiosmtpd")))
    func `a mail server greets and says what it offers`() async throws {
        try await withFolder { folder in
            let port = try closedPort()
            try await RealServer.with(
                ["/usr/bin/aiosmtpd", "-n", "-l", "127.0.0.1:\(port)", "-c", "aiosmtpd.handlers.Sink"], in: folder,
                port: port
            ) {
                let probe = SMTPProbe()
                let place = "127.0.0.1:\(port)"
                let good = await ask(
                    probe, place, ["banner": "/^220 .*Python SMTP/", "ehlo": "8BITMIME", "time": "< 5s"])
                #expect(good.verdict == .passed, "\(good)")
                #expect(await ask(probe, place, ["ehlo": "STARTTLS"]).missed == ["ehlo"])
                #expect(await ask(probe, place, ["banner": "Exim"]).missed == ["banner"])
            }
        }
    }
}
