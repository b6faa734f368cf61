import Foundation
import ShipitCore
import ShipitEngine
import ShipitProbes
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ReportProbeTests {
    private func read(_ format: String, _ text: String, _ fields: [String: ResolvedValue] = [:]) async throws
        -> Measurement
    {
        try await withFolder { folder in
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/report"))
            return await ask(ReportProbe(), "report", fields.merging(["format": .text(format)]) { $1 }, in: folder)
        }
    }

    @Test func `JUnit: cases are counted, and none may fail`() async throws {
        let good =
            #"<?xml version="1.0"?><testsuites><testsuite tests="9"><testcase name="a &lt; b"/><testcase name="b"><system-out><![CDATA[<failure/>]]></system-out></testcase></testsuite></testsuites>"#
        let passed = try await read("junit", good, ["tests": ">= 2"])
        #expect(passed.verdict == .passed && passed.figures["tests"] == 2, "\(passed)")
        let bad =
            #"<testsuite><testcase name="a"><failure message="x > y"/></testcase><testcase name="b"/></testsuite>"#
        #expect(try await read("junit", bad).verdict == .failed("1 of 2 tests failed"))
        #expect(try await read("junit", bad, ["failures": "<= 1"]).verdict == .passed)
        #expect(
            try await read("junit", "<testsuite></testsuite>").verdict == .failed("there is not a single test in it"))
    }

    @Test func `a report that is cut off, empty or of something else is no answer`() async throws {
        let files: [(String, String)] = [
            ("junit", "<testsuite><testcase/>"), ("junit", ""), ("junit", "<html></html>"), ("junit", "no XML"),
            ("junit", "<!DOCTYPE x [<!ENTITY a \"b\">]><testsuite><testcase/></testsuite>"),
            ("k6", "{}"), ("k6", ""), ("zap", "{}"), ("snyk", "{\"ok\": true}"), ("sarif", "{\"runs\": []}"),
            ("sarif", "{\"runs\": [{}]}"), ("lcov", "LF:10\nLH:10\n"), ("lcov", "TN:\nend_of_record\n"), ("lcov", ""),
            ("lcov", "SF:a\nLF:1\nLH:1\nend_of_record\nSF:b\nLF:10\n"), ("cobertura", "<coverage/>"),
            ("lighthouse", "[]"), ("json", ""),
        ]
        for (format, text) in files {
            guard case .noAnswer = try await read(format, text, ["age": "< 1d"]).verdict else {
                Issue.record("\(format) \(text) was read")
                continue
            }
        }
    }

    @Test func `k6: both forms of its summary, and no request is no good news`() async throws {
        let export =
            #"{"metrics": {"http_req_duration": {"med": 80.5, "p(95)": 180.25}, "http_req_failed": {"value": 0.002}, "http_reqs": {"count": 5000}}}"#
        let answer = try await read("k6", export, ["p95": "< 200ms", "error-rate": "< 1%"])
        #expect(answer.verdict == .passed && answer.figures["p50"] == 0.0805, "\(answer)")
        #expect(try await read("k6", export, ["p95": "< 100ms"]).missed == ["p95"])
        #expect(try await read("k6", export, ["p99": "< 100ms"]).missed == ["p99"])
        let summary =
            #"{"metrics": {"http_req_duration": {"type": "trend", "values": {"p(95)": 90}}, "http_req_failed": {"values": {"rate": 0.5}}}}"#
        #expect(try await read("k6", summary, ["p95": "< 100ms", "error-rate": "< 1%"]).missed == ["error-rate"])
        let none = #"{"metrics": {"http_req_duration": {"p(95)": 0}, "http_reqs": {"count": 0}}}"#
        #expect(try await read("k6", none, ["p95": "< 100ms"]).missed == ["p95"])
    }

    @Test func `scanners: findings are counted by severity, and an unknown one is not overlooked`() async throws {
        let zap = #"{"site": [{"alerts": [{"riskcode": "3"}, {"riskcode": "1"}, {"riskcode": "0"}]}]}"#
        #expect(try await read("zap", zap, ["high": "== 0"]).missed == ["high"])
        #expect(try await read("zap", zap, ["medium": "== 0", "low": "<= 1"]).verdict == .passed)
        let odd = #"{"site": [{"alerts": [{"riskcode": "9"}]}]}"#
        #expect(try await read("zap", odd, ["high": "== 0"]).verdict != .passed)
        let snyk =
            #"[{"vulnerabilities": [{"id": "a", "severity": "critical"}, {"id": "a", "severity": "critical"}]}, {"vulnerabilities": []}]"#
        #expect(try await read("snyk", snyk, ["critical": "<= 1"]).verdict == .passed)
        #expect(try await read("snyk", snyk, ["critical": "== 0"]).missed == ["critical"])
        let sarif =
            #"{"runs": [{"results": [{"level": "error"}, {"level": "error", "suppressions": [{"kind": "inSource"}]}, {}]}]}"#
        #expect(try await read("sarif", sarif, ["errors": "<= 1", "warnings": "== 1"]).verdict == .passed)
        #expect(try await read("sarif", sarif, ["errors": "== 0"]).missed == ["errors"])
    }

    @Test func `coverage and scores are shares`() async throws {
        let lcov = "SF:a\nLF:10\nLH:9\nBRF:4\nBRH:1\nend_of_record\nSF:b\nLF:10\nLH:7\nend_of_record\n"
        let answer = try await read("lcov", lcov, ["coverage": ">= 80%"])
        #expect(answer.verdict == .passed && answer.number == 0.8)
        #expect(
            try await read("lcov", lcov, ["coverage": "> 80%", "branches": "> 50%"]).missed == ["coverage", "branches"])
        let cobertura =
            #"<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "x.dtd"><coverage line-rate="0.83" branch-rate="0.5"><packages/></coverage>"#
        #expect(try await read("cobertura", cobertura, ["coverage": "> 80%"]).verdict == .passed)
        let lighthouse = #"{"categories": {"performance": {"score": 0.91}, "seo": {"score": null}}}"#
        #expect(try await read("lighthouse", lighthouse, ["performance": ">= 90%"]).verdict == .passed)
        #expect(try await read("lighthouse", lighthouse, ["seo": ">= 90%"]).missed == ["seo"])
    }

    @Test func `any JSON is read by path`() async throws {
        let json = #"{"summary": {"failed": 0, "name": "nightly", "took": [1.5]}}"#
        let fields: [String: ResolvedValue] = [
            "json": .map(["summary.failed": "== 0", "summary.name": "nightly", "summary.took[0]": "< 2"])
        ]
        #expect(try await read("json", json, fields).verdict == .passed)
        #expect(try await read("json", json, ["json": .map(["summary.failed": "> 0"])]).missed == ["json"])
        #expect(try await read("json", json, ["json": .map(["summary.none": "== 0"])]).missed == ["json"])
    }

    @Test func `an old report is told by its age, a missing one and one without a condition are no answer`()
        async throws
    {
        let old = try await withFolder { folder in
            let path = "\(folder)/report"
            try Data(#"{"a": 1}"#.utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -90_000)], ofItemAtPath: path)
            return await ask(
                ReportProbe(), "rep*", ["format": "json", "age": "< 1d", "json": .map(["a": "1"])], in: folder)
        }
        #expect(old.missed == ["age"])
        #expect(
            await ask(ReportProbe(), "/no/such/report", ["format": "junit"]).verdict
                == .noAnswer("/no/such/report does not exist"))
        guard case .noAnswer = try await read("json", "{}").verdict else {
            Issue.record("nothing was asked, and it passed")
            return
        }
    }
}
