import ShipitCore
import ShipitEngine
import ShipitProbes
import Testing

@Suite(.timeLimit(.minutes(3)))
struct HTTPProbeTests {
    private let probe = HTTPProbe()

    @Test func `any 2xx is good news when no status is asked for`() async throws {
        let server = try LocalServer { _, _ in .http(204) }
        defer { server.stop() }
        let answer = await ask(probe, server.url)
        #expect(answer.verdict == .passed)
        #expect(answer.seconds != nil)
        #expect(answer.evidence.hasPrefix("GET \(server.url): 204 in "))
    }

    @Test func `another status fails and says which came back`() async throws {
        let server = try LocalServer { _, _ in .http(500, body: "no database") }
        defer { server.stop() }
        let answer = await ask(probe, server.url, ["status": "200"])
        #expect(answer.verdict == .failed("status 500, expected 200"))
        #expect(answer.evidence.contains("no database"))
        #expect(await ask(probe, server.url, ["status": "500"]).verdict == .passed)
    }

    @Test func `a redirect is not followed and counts only for the monitor`() async throws {
        let server = try LocalServer { _, _ in .http(302, headers: ["Location": "/elsewhere"]) }
        defer { server.stop() }
        #expect(await ask(probe, server.url).verdict == .failed("status 302, expected 2xx"))
        #expect(await ask(probe, server.url, [HTTPProbe.acceptRedirect: "true"]).verdict == .passed)
        #expect(server.requests == 2)
    }

    @Test func `a closed port is a refused connection`() async throws {
        let answer = await ask(probe, "http://127.0.0.1:\(try closedPort())/health")
        #expect(answer.verdict == .noAnswer("connection refused"))
        #expect(answer.seconds == nil)
    }

    @Test func `a server that accepts and says nothing is timed out`() async throws {
        let server = try LocalServer { _, _ in .silence }
        defer { server.stop() }
        let answer = await ask(probe, server.url, timeout: .milliseconds(300))
        #expect(answer.verdict == .noAnswer("timed out after 300ms"))
    }

    @Test func `a body that never ends its promised length is timed out`() async throws {
        let server = try LocalServer { _, _ in .bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") }
        defer { server.stop() }
        let answer = await ask(probe, server.url, timeout: .seconds(1))
        guard case .noAnswer = answer.verdict else {
            Issue.record("half an answer passed: \(answer)")
            return
        }
    }

    @Test func `an answer that is no HTTP is no answer`() async throws {
        let server = try LocalServer { _, _ in .bytes("SSH-2.0-OpenSSH\r\n") }
        defer { server.stop() }
        guard case .noAnswer = await ask(probe, server.url).verdict else {
            Issue.record("nonsense passed")
            return
        }
    }

    @Test func `what is no URL is said to be none`() async {
        #expect(await ask(probe, "not a url").verdict == .noAnswer("\"not a url\" is not a URL"))
    }

    @Test func `the body is searched for words or for an expression`() async throws {
        let server = try LocalServer { _, _ in .http(200, body: "version 1.2.3 is healthy") }
        defer { server.stop() }
        #expect(await ask(probe, server.url, ["body": "healthy"]).verdict == .passed)
        #expect(await ask(probe, server.url, ["body": #"/version 1\.\d+/"#]).verdict == .passed)
        #expect(await ask(probe, server.url, ["body": "1.3"]).verdict == .failed("the body lacks \"1.3\""))
        #expect(await ask(probe, server.url, ["body": "/[/"]).verdict != .passed)
    }

    @Test func `values in JSON are compared by path`() async throws {
        let body = #"{"status": "ok", "checks": {"db": [{"up": true, "lag": 0.5}]}, "version": "1.10"}"#
        let server = try LocalServer { _, _ in .http(200, body: body) }
        defer { server.stop() }
        func verdict(_ wanted: [String: ResolvedValue]) async -> Measurement.Verdict {
            await ask(probe, server.url, ["json": .map(wanted)]).verdict
        }
        #expect(await verdict(["status": "ok", "checks.db[0].up": "true", "$.checks.db[0].lag": "< 1"]) == .passed)
        #expect(await verdict(["version": "1.10"]) == .passed)
        #expect(await verdict(["version": "1.1"]) == .failed("version is 1.10, expected 1.1"))
        #expect(await verdict(["checks.db[0].lag": "> 1"]) == .failed("checks.db[0].lag is 0.5, expected > 1"))
        #expect(await verdict(["checks.db[1].up": "true"]) == .failed("the JSON has no checks.db[1].up, expected true"))
        #expect(await verdict(["status": "> 1"]) == .failed("status is ok, expected > 1"))
    }

    @Test func `headers are compared, whatever the case of their names`() async throws {
        let server = try LocalServer { _, _ in
            .http(200, headers: ["Content-Type": "text/html; charset=utf-8", "X-Age": "42"])
        }
        defer { server.stop() }
        func verdict(_ wanted: [String: ResolvedValue]) async -> Measurement.Verdict {
            await ask(probe, server.url, ["header": .map(wanted)]).verdict
        }
        #expect(await verdict(["content-type": "text/html", "x-age": ">= 42"]) == .passed)
        #expect(await verdict(["x-age": "> 42"]) == .failed("header x-age is \"42\", expected > 42"))
        #expect(await verdict(["x-version": "2"]) == .failed("header x-version is missing, expected \"2\""))
    }

    @Test func `an answer that took too long fails with both times`() async throws {
        let server = try LocalServer { _, _ in .http(200) }
        defer { server.stop() }
        let answer = await ask(probe, server.url, ["time": "< 0ms"])
        guard case .failed(let reason) = answer.verdict else {
            Issue.record("it passed")
            return
        }
        #expect(reason.hasPrefix("took ") && reason.hasSuffix(", expected < 0ms"))
        #expect(await ask(probe, server.url, ["time": "< 10s"]).verdict == .passed)
    }

    @Test func `headers are sent with the request and their secrets are not shown`() async throws {
        let server = try LocalServer { request, _ in
            request.contains("Authorization: Bearer hunter2") ? .http(200, body: "hello hunter2") : .http(401)
        }
        defer { server.stop() }
        let headers: ResolvedValue = .map(["Authorization": "Bearer hunter2"])
        #expect(await ask(probe, server.url, ["headers": headers]).verdict == .passed)
        let answer = await ask(
            probe, server.url, ["headers": headers, "status": "500"], secrets: ["hunter2"])
        #expect(answer.evidence.contains("hello ***"))
        #expect(!"\(answer)".contains("hunter2"))
    }

    @Test func `the method is the author's`() async throws {
        let server = try LocalServer { request, _ in .http(request.hasPrefix("HEAD ") ? 200 : 405) }
        defer { server.stop() }
        #expect(await ask(probe, server.url, ["method": "HEAD"]).verdict == .passed)
    }

    @Test func `a field with a value of the wrong kind is no answer and says why`() async throws {
        let answer = await ask(probe, "http://127.0.0.1:1", ["time": "< 100"])
        #expect(answer.verdict == .noAnswer("time: \"100\" needs a unit: it is a length of time"))
    }

    @Test func `many requests are judged together`() async throws {
        let server = try LocalServer { _, _ in .http(200) }
        defer { server.stop() }
        let load: [String: ResolvedValue] = ["requests": "40", "concurrency": "8"]
        let answer = await ask(
            probe, server.url, load.merging(["p95": "< 9s", "error-rate": "< 1%"]) { $1 })
        #expect(answer.verdict == .passed)
        #expect(server.requests == 40)
        #expect(answer.evidence.contains("40 requests, 8 at once, 0% failed, p50 "))
        let slow = await ask(probe, server.url, load.merging(["p99": "< 0ms"]) { $1 })
        guard case .failed(let reason) = slow.verdict else {
            Issue.record("it passed")
            return
        }
        #expect(reason.hasPrefix("p99 was "))
    }

    @Test func `one failure among many fails the check unless a rate is allowed`() async throws {
        let server = try LocalServer { _, number in .http(number % 10 == 0 ? 503 : 200) }
        defer { server.stop() }
        let load: [String: ResolvedValue] = ["requests": "20", "concurrency": "1"]
        #expect(
            await ask(probe, server.url, load).verdict
                == .failed("2 of 20 requests failed: status 503, expected 2xx"))
        #expect(await ask(probe, server.url, load.merging(["error-rate": "<= 10%"]) { $1 }).verdict == .passed)
        #expect(
            await ask(probe, server.url, load.merging(["error-rate": "< 5%"]) { $1 }).verdict
                == .failed("error rate 10%, expected < 5%: status 503, expected 2xx"))
    }

    @Test func `a load that finds nobody has no answer, whatever rate is allowed`() async throws {
        let url = "http://127.0.0.1:\(try closedPort())"
        let answer = await ask(probe, url, ["requests": "5", "error-rate": "<= 100%"])
        #expect(answer.verdict == .noAnswer("no request succeeded: connection refused"))
    }

}
