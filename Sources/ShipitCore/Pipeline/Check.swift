/// One expectation of a suite.
public struct Check: Hashable, Sendable, Codable {
    public enum Severity: String, Hashable, Sendable, Codable {
        case critical, high, medium
    }

    public var name: String
    public var severity: Severity
    public var owner: String?
    public var dependsOn: [String]
    /// Repetitions after the first try.
    public var retries: Int
    public var timeout: TimeSpan
    public var remediation: String?
    public var probe: ProbeRequest
    /// Second, harder limits by field: where they hold, a missed plain one is only a warning. `nil` without any.
    public var blocks: [String: InputValue]?
    /// How long a person's word on it counts, and how long `check` believes a pass without asking anew.
    public var ttl: TimeSpan?
    public var waiver: Waiver?
    /// Who may tick it where it is manual, and sign it off where it is `high`. `nil`: to tick, anybody; to sign off, nobody.
    public var signers: ApprovalRole?
    /// Where it stood in the checklist that it was imported from.
    public var imported: ChecklistOrigin?

    public init(
        name: String, severity: Severity = .critical, owner: String? = nil, dependsOn: [String] = [], retries: Int = 0,
        timeout: TimeSpan = .seconds(10), remediation: String? = nil, probe: ProbeRequest,
        blocks: [String: InputValue]? = nil, ttl: TimeSpan? = nil, waiver: Waiver? = nil,
        signers: ApprovalRole? = nil, imported: ChecklistOrigin? = nil
    ) {
        self.name = name
        self.severity = severity
        self.owner = owner
        self.dependsOn = dependsOn
        self.retries = retries
        self.timeout = timeout
        self.remediation = remediation
        self.probe = probe
        self.blocks = blocks
        self.ttl = ttl
        self.waiver = waiver
        self.signers = signers
        self.imported = imported
    }

    /// A word that nobody renews counts for a day.
    public static let usualWordLife = TimeSpan.hours(24)

    /// `manual:`, what a person and no probe must find to be so.
    public static let manualProbe = "manual"

    public var isManual: Bool { probe.probe == Self.manualProbe }

    /// All that its question and its harder limits refer to.
    public var references: [Reference] {
        probe.references + (blocks ?? [:]).sorted { $0.key < $1.key }.flatMap(\.value.references)
    }

    /// The same check with every text of its question changed by `transform`.
    public func mapText<E: Error>(_ transform: (Template) throws(E) -> Template) throws(E) -> Check {
        var changed = self
        changed.probe = try probe.mapText(transform)
        for (field, value) in blocks ?? [:] { changed.blocks?[field] = try value.mapText(transform) }
        return changed
    }
}

/// `waiver:`, a check that may fail: who says so, why, and until when.
public struct Waiver: Hashable, Sendable, Codable {
    public var by: String
    public var why: String
    /// The first moment at which it counts no more.
    public var until: Instant

    public init(by: String, why: String, until: Instant) {
        self.by = by
        self.why = why
        self.until = until
    }
}

/// `imported:`, where a check stood in a Markdown checklist. Nothing is decided by it, the tick neither: it is what a
/// checklist is written back from.
public struct ChecklistOrigin: Hashable, Sendable, Codable {
    /// From 1.
    public var line: Int
    /// The headings above it; on the first check of its suite.
    public var section: String?
    /// 1 for an item that stands under no other.
    public var level: Int
    public var isTicked: Bool
    /// The item's words, where the check doesn't hold them otherwise.
    public var text: String?
    /// What stood below the item, where the check doesn't hold it word for word.
    public var notes: String?

    public init(
        line: Int, section: String? = nil, level: Int = 1, isTicked: Bool = false, text: String? = nil,
        notes: String? = nil
    ) {
        self.line = line
        self.section = section
        self.level = level
        self.isTicked = isTicked
        self.text = text
        self.notes = notes
    }
}

/// What to ask of whom: the probe's name, the value of its key, and what stands beside it.
public struct ProbeRequest: Hashable, Sendable, Codable {
    public var probe: String
    public var subject: InputValue
    public var fields: [String: InputValue]

    public init(probe: String, subject: InputValue, fields: [String: InputValue] = [:]) {
        self.probe = probe
        self.subject = subject
        self.fields = fields
    }

    public var references: [Reference] {
        subject.references + fields.keys.sorted().flatMap { fields[$0]!.references }
    }

    public func mapText<E: Error>(_ transform: (Template) throws(E) -> Template) throws(E) -> ProbeRequest {
        var changed = self
        changed.subject = try subject.mapText(transform)
        for (name, value) in fields { changed.fields[name] = try value.mapText(transform) }
        return changed
    }
}
