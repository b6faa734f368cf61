import ShipitCore
import Testing

@testable import ShipitImport

@Suite(.timeLimit(.minutes(1))) struct CheckGuessTests {
    /// The check as one line, or the manual item's condition, or "manual".
    private func guess(_ markdown: String, origins: Set<String> = []) throws -> String {
        let item = try #require(ChecklistReader.read(markdown).items.first)
        switch CheckGuess(origins: origins).guess(item) {
        case .check(let check):
            return ([check.probe + ": " + check.subject] + check.fields.map { "\($0.name): \($0.value)" })
                .joined(separator: "; ")
        case .manual(let threshold): return threshold.map { "manual; \($0.field): \($0.condition)" } ?? "manual"
        }
    }

    @Test(arguments: [
        (
            "- [ ] API\n  - Command: `curl -s http://localhost/health | jq .`\n  - Status Code: 200",
            "http: http://localhost/health; status: 200"
        ),
        ("- [ ] `curl http://localhost/health` → 200", "http: http://localhost/health; status: 200"),
        ("- [ ] Disk\n  - Command: `df -h /srv`\n  - Expected: > 20GB free space", "disk: /srv; free: > 20GB"),
        ("- [ ] Disk free > 20GB", "disk: /; free: > 20GB"),
        (
            "- [ ] Cache\n  - Command: `redis-cli -h c ping`\n  - Expected: PONG response\n  - Response Time: < 5ms",
            "run: redis-cli -h c ping; stdout: PONG; time: < 5ms"
        ),
        (
            "- [ ] DB\n  - Command: `psql -c \"SELECT 1;\"`\n  - Expected: Returns 1",
            "run: psql -c \"SELECT 1;\"; number: == 1"
        ),
        (
            "- [ ] Packages\n  - Command: `pip list | wc -l`\n  - Expected: > 50 packages",
            "run: pip list | wc -l; number: > 50"
        ),
        (
            "- [ ] Backup\n  - Command: `ls -lh b/*.sql`\n  - Expected: from last 24 hours\n  - Size: > 50MB",
            "file: b/*.sql; age: < 24h; size: > 50MB"
        ),
        ("- [ ] Built\n  - File: `build/index.html` exists", "file: build/index.html; exists: yes"),
    ])
    func `a command with an expectation becomes a check`(_ markdown: String, _ wanted: String) throws {
        #expect(try guess(markdown) == wanted)
    }

    @Test(arguments: [
        ("- [ ] API responding normally (< 200ms p95)", "manual; p95: < 200ms"),
        ("- [ ] Error rate < 0.1%", "manual; error-rate: < 0.1%"),
        ("- [ ] RTO <4 hours validated", "manual; value: < 4h"),
        ("- [ ] Pool utilization: **<80%** | Actual: ___", "manual; value: < 80%"),
        ("- [ ] Critical vulnerabilities: **0** | Actual: ___", "manual; value: == 0"),
        ("- [ ] Response time ≤ 1.5s", "manual; time: <= 1.5s"),
        ("- [ ] Consumer lag: **<1000 messages**", "manual; value: < 1000"),
        ("- [ ] Growth: **<1TB/month**", "manual"),
        ("- [ ] Test: /api/users -> 200", "manual"),
    ])
    func `a threshold without a command becomes a condition of a manual item`(
        _ markdown: String, _ wanted: String
    ) throws {
        #expect(try guess(markdown) == wanted)
    }

    @Test(arguments: [
        "rm -rf /tmp/x", "dropdb app", "psql -c 'DROP TABLE users'", "psql -c 'SELECT 1; DROP TABLE users'",
        "curl -X DELETE http://localhost/health", "curl -sXPOST http://localhost/health", "ls x; reboot", "ls x > y",
        "cat $(evil)",
        "alembic upgrade head", "docker restart app", "curl http://localhost/${{ x }}",
    ])
    func `commands that change something are never checks`(_ command: String) throws {
        #expect(
            try guess("- [ ] Step\n  - Command: `\(command)`\n  - Expected: Returns 1\n  - Status Code: 200")
                == "manual")
    }

    @Test func `an expectation that is only half understood stays with a person`() throws {
        #expect(try guess("- [ ] Up\n  - Command: `ping h`\n  - Expected: 100% response rate") == "manual")
        #expect(
            try guess("- [ ] LB\n  - Command: `curl -I https://h`\n  - Expected: Status 200/301") == "manual")
        #expect(try guess("- [ ] Kept\n  - Command: `ls a` or `ls b`\n  - Expected: from last 24 hours") == "manual")
    }

    @Test func `a path alone is asked only where the document has one address`() throws {
        let words = "- [ ] Health endpoint `/health` responding"
        #expect(try guess(words, origins: ["http://h:1"]) == "http: ${{ vars.base-url }}/health")
        #expect(try guess(words, origins: ["http://h:1", "http://g"]) == "manual")
        #expect(try guess(words) == "manual")
    }
}
