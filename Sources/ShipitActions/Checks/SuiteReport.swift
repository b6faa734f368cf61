public import ShipitCore
import ShipitEngine

/// What came of one check.
public struct CheckResult: Hashable, Sendable {
    public enum Status: Hashable, Sendable {
        case passed
        /// What was expected and what came back.
        case failed(String)
        /// Nothing came back.
        case noAnswer(String)
        /// It was not asked, because the named check did not pass.
        case notAsked(because: String)
    }

    public var check: Check
    public var status: Status
    /// How often it was asked.
    public var tries: Int
    public var seconds: Double?
    public var number: Double?
    public var evidence: String

    init(_ check: Check, _ measurement: Measurement, tries: Int) {
        self.check = check
        self.tries = tries
        seconds = measurement.seconds
        number = measurement.number
        evidence = measurement.evidence
        switch measurement.verdict {
        case .passed: status = .passed
        case .failed(let reason): status = .failed(reason)
        case .noAnswer(let reason): status = .noAnswer(reason)
        }
    }

    init(notAsked check: Check, because name: String) {
        self.check = check
        status = .notAsked(because: name)
        tries = 0
        evidence = ""
    }

    public var passed: Bool { status == .passed }

    /// Whether it stands in the way: it did not pass, and its severity is more than a warning. (`high` needs a waiver or
    /// its owner's sign-off; without either it is as good as critical.)
    public var blocks: Bool { !passed && check.severity != .medium }

    /// Why it did not pass; `nil` when it did.
    public var reason: String? {
        switch status {
        case .passed: nil
        case .failed(let reason): reason
        case .noAnswer(let reason): "no answer: \(reason)"
        case .notAsked(let name): "not asked, because \"\(name)\" did not pass"
        }
    }

    /// One line for a person.
    public var line: String {
        let mark = passed ? "passed" : blocks ? "FAILED" : "warning"
        let detail = [reason, evidence.isEmpty ? nil : evidence].compactMap(\.self).joined(separator: "; ")
        let again = tries > 1 ? " (try \(tries))" : ""
        return "\(mark): \(check.name)\(again)\(detail.isEmpty ? "" : ": \(detail)")"
    }
}

/// What came of a suite.
public struct SuiteReport: Hashable, Sendable {
    /// In the order of the suite.
    public var results: [CheckResult]

    public init(results: [CheckResult]) { self.results = results }

    public var passed: Bool { !results.contains(where: \.blocks) }

    /// Those that stand in the way.
    public var blockers: [CheckResult] { results.filter(\.blocks) }

    /// Those that did not pass and only warn.
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
}
