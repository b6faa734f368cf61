/// What a dry-run found out instead of doing it.
public struct DryRunFindings: Hashable, Sendable {
    /// In the order in which they were found: that of the plan.
    public internal(set) var previews: [StagePreview] = []
    public internal(set) var suites: [AskedSuite] = []
    /// `nil` while it is not over.
    public internal(set) var comparison: DryRunComparison?

    public init() {}
}

/// What a stage would run.
public struct StagePreview: Hashable, Sendable {
    public var stage: StageName
    public var parts: [Part]

    public struct Part: Hashable, Sendable, Codable {
        /// `perform`, `verify`, `finally` or `rollback`.
        public var part: String
        /// As its action says, each with as many lines as it has; `nil` where that is known only when it runs.
        public var commands: [String]?
        /// Why it is not known.
        public var unknown: String?

        public init(part: String, commands: [String]?, unknown: String? = nil) {
            self.part = part
            self.commands = commands
            self.unknown = unknown
        }
    }

    public init(stage: StageName, parts: [Part]) {
        self.stage = stage
        self.parts = parts
    }
}

/// What came of the checks of a stage.
public struct AskedSuite: Hashable, Sendable {
    public var stage: StageName
    public var suite: String
    /// Whether it comes before anything is changed, so that a deployment would be refused where it says no.
    public var decides: Bool
    public var answers: [Answer]

    public enum Standing: String, Hashable, Sendable, Codable {
        case passed, warning, waived, failed
        case signedOff = "signed-off"
        /// Only a deployment, or a person, could say.
        case notAsked = "not-asked"
    }

    public struct Answer: Hashable, Sendable, Codable {
        public var check: String
        public var standing: Standing
        /// What was found, or why it was not asked; without secrets.
        public var words: String

        public init(check: String, standing: Standing, words: String) {
            self.check = check
            self.standing = standing
            self.words = words
        }
    }

    public init(stage: StageName, suite: String, decides: Bool, answers: [Answer]) {
        self.stage = stage
        self.suite = suite
        self.decides = decides
        self.answers = answers
    }

    /// Whether a deployment would be refused.
    public var refuses: Bool { decides && answers.contains { $0.standing == .failed } }
}

/// What is otherwise than in the dry-run before, of the same pipeline and environment.
public struct DryRunComparison: Hashable, Sendable {
    /// `nil`: there was none.
    public var previous: RunID?
    public var changes: [Change]

    public struct Change: Hashable, Sendable, Codable {
        /// Where: a field of the plan, `previews.STAGE.PART`, or `checks.STAGE["NAME"]`.
        public var path: String
        /// `nil` where the earlier one lacks it.
        public var before: String?
        /// `nil` where the later one lacks it.
        public var after: String?

        public init(path: String, before: String?, after: String?) {
            self.path = path
            self.before = before
            self.after = after
        }
    }

    public init(previous: RunID?, changes: [Change]) {
        self.previous = previous
        self.changes = changes
    }
}

extension DryRunComparison {
    /// Plans field by field, then what the stages would run, then how the checks stand. What a check found is not compared:
    /// times and sizes are others each night.
    public init(
        previous: RunID, before: (plan: Plan, findings: DryRunFindings), after: (plan: Plan, findings: DryRunFindings)
    ) {
        let plan = PlanDiff(from: before.plan, to: after.plan).changes.map { change in
            Change(path: change.path, before: change.before?.inline, after: change.after?.inline)
        }
        let previews = Self.changes(from: Self.previews(before.findings), to: Self.previews(after.findings))
        let checks = Self.changes(from: Self.checks(before.findings), to: Self.checks(after.findings))
        self.init(previous: previous, changes: plan + previews + checks)
    }

    private static func previews(_ findings: DryRunFindings) -> [(String, String)] {
        findings.previews.flatMap { preview in
            preview.parts.map { part in
                let text = part.commands.map { $0.joined(separator: "\n") } ?? "known only when it runs"
                return (PlanDiff.path(PlanDiff.path("previews", preview.stage.text), part.part), text)
            }
        }
    }

    private static func checks(_ findings: DryRunFindings) -> [(String, String)] {
        findings.suites.flatMap { suite in
            suite.answers.map { answer in
                (PlanDiff.path(PlanDiff.path("checks", suite.stage.text), answer.check), answer.standing.rawValue)
            }
        }
    }

    private static func changes(from before: [(String, String)], to after: [(String, String)]) -> [Change] {
        let old = Dictionary(before, uniquingKeysWith: { first, _ in first })
        let new = Dictionary(after, uniquingKeysWith: { first, _ in first })
        let later = after.compactMap { path, text in
            old[path] == text ? nil : Change(path: path, before: old[path], after: text)
        }
        return later + before.filter { new[$0.0] == nil }.map { Change(path: $0.0, before: $0.1, after: nil) }
    }
}

extension PlanTree {
    /// On one line.
    fileprivate var inline: String {
        switch self {
        case .text(let text): text
        case .list(let values): "[" + values.map(\.inline).joined(separator: ", ") + "]"
        case .map(let members):
            "{" + members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.inline)" }.joined(separator: ", ")
                + "}"
        case .named(let parts): "[" + parts.map(\.name).joined(separator: ", ") + "]"
        }
    }
}
