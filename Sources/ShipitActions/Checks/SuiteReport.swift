public import ShipitCore
public import ShipitEngine

/// What came of a suite.
public struct SuiteReport: Hashable, Sendable {
    /// In the order of the suite.
    public var results: [CheckResult]

    public init(results: [CheckResult]) { self.results = results }

    public var passed: Bool { !results.contains(where: \.blocks) }

    /// Those that stand in the way.
    public var blockers: [CheckResult] { results.filter(\.blocks) }

    /// Those that did not pass and don't stand in the way.
    public var warnings: [CheckResult] { results.filter { !$0.passed && !$0.blocks } }

    /// Every blocker with its reason and what to do about it; `nil` when there is none.
    public var failure: String? {
        let blockers = blockers
        guard !blockers.isEmpty else { return nil }
        let lines = blockers.map { result in
            let remedy = result.check.remediation.map { " (\($0))" } ?? ""
            return "\(result.check.name): \(result.reason ?? "did not pass")\(remedy)"
        }
        return "\(blockers.count) of \(results.count) checks failed: " + lines.joined(separator: "; ")
    }

    /// - Parameter fingerprints: of the checks as written, by name.
    public func record(at now: Instant, run: RunID? = nil, fingerprints: [String: String] = [:]) -> SuiteRecord {
        SuiteRecord(
            at: now, go: passed, run: run, results: results.map { $0.kept(fingerprint: fingerprints[$0.check.name]) })
    }
}
