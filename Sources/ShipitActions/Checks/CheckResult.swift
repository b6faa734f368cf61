public import ShipitCore
public import ShipitEngine

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
        /// No person's word says that it is so: why not.
        case unticked(String)
    }

    public var check: Check
    public var status: Status
    public var standing: KeptResult.Standing
    /// Whose word lets it stand though it did not pass, or says that it is so; `nil` without one.
    public var word: CheckWord?
    /// Why a waiver or a sign-off that there is doesn't count.
    public var note: String?
    /// How often it was asked.
    public var tries: Int
    public var seconds: Double?
    public var number: Double?
    public var figures: [String: Double]
    public var evidence: String
    /// What sort of trouble it is; `nil` when it passed.
    public var trouble: String?
    /// When it was answered; of a believed pass, when it was really asked.
    public var at: Instant
    /// Whether an earlier pass was believed instead of asking.
    public var isBelieved = false

    init(_ check: Check, _ status: Status, tries: Int = 0, evidence: String = "", trouble: String? = nil, at: Instant) {
        self.check = check
        self.status = status
        self.tries = tries
        self.evidence = evidence
        self.trouble = trouble
        self.at = at
        figures = [:]
        standing = status == .passed ? .passed : check.severity == .medium ? .warning : .failed
    }

    init(_ check: Check, _ measurement: Measurement, tries: Int, at: Instant) {
        switch measurement.verdict {
        case .passed: self.init(check, .passed, tries: tries, at: at)
        case .failed(let reason):
            let hard = HardLimits(check).judge(measurement)
            self.init(check, .failed(hard.reason.map { "\(reason); \($0)" } ?? reason), tries: tries, at: at)
            if hard.hold { standing = .warning }
            trouble = measurement.missed.isEmpty ? "failed" : measurement.missed.sorted().joined(separator: ", ")
        case .noAnswer(let reason):
            self.init(check, .noAnswer(reason), tries: tries, at: at)
            trouble = "no answer"
        }
        seconds = measurement.seconds
        number = measurement.number
        figures = measurement.figures
        evidence = measurement.evidence
    }

    /// A pass of before.
    init(_ check: Check, believed kept: KeptResult) {
        self.init(check, .passed, evidence: kept.evidence, at: kept.at)
        (seconds, number, figures, isBelieved) = (kept.seconds, kept.number, kept.figures, true)
    }

    public var passed: Bool { status == .passed }

    /// Whether it stands in the way.
    public var blocks: Bool { !standing.lets }

    /// Whether what depends on it may be asked: it passed, or missed a limit that has a harder one behind it.
    var lets: Bool {
        if passed { return true }
        guard case .failed = status, check.severity != .medium else { return false }
        return standing == .warning
    }

    /// Why it did not pass; `nil` when it did.
    public var reason: String? {
        let reason: String? =
            switch status {
            case .passed: nil
            case .failed(let reason): reason
            case .noAnswer(let reason): "no answer: \(reason)"
            case .notAsked(let name): "not asked, because \"\(name)\" did not pass"
            case .unticked(let reason): reason
            }
        return reason.map { reason in note.map { "\(reason); \($0)" } ?? reason }
    }

    /// Whose word lets it stand, for a person; `nil` where none does.
    public var leave: String? {
        switch standing {
        case .waived: check.waiver.map { "waived by \($0.by) until \($0.lastDay): \($0.why)" }
        case .signedOff: word.map { "signed off by \($0.person)\($0.why.map { ": \($0)" } ?? "")" }
        case .passed, .warning, .failed: nil
        }
    }

    /// One line for a person.
    public var line: String {
        let mark = standing == .failed ? "FAILED" : standing.rawValue
        let detail = [reason, leave, evidence.isEmpty ? nil : evidence].compactMap(\.self).joined(separator: "; ")
        let again = tries > 1 ? " (try \(tries))" : ""
        return "\(mark): \(check.name)\(again)\(detail.isEmpty ? "" : ": \(detail)")"
    }

    /// What is kept of it.
    public func kept(fingerprint: String? = nil) -> KeptResult {
        KeptResult(
            name: check.name, question: check.question, standing: standing, reason: reason, evidence: evidence,
            trouble: trouble, tries: tries, seconds: seconds, number: number, figures: figures, at: at,
            fingerprint: fingerprint)
    }
}

extension Check {
    /// The probe and whom it asks, without the fields.
    public var question: String {
        switch probe.subject {
        case .text(let template): "\(probe.probe) \(template.written)"
        case .list(let words):
            "\(probe.probe) "
                + words.map { if case .text(let word) = $0 { word.written } else { "…" } }.joined(separator: " ")
        case .map: probe.probe
        }
    }
}

extension Waiver {
    /// The day on which it still counts.
    public var lastDay: String { String((until - TimeSpan(milliseconds: 1)).description.prefix(10)) }
}

/// `blocks:` of a check.
private struct HardLimits {
    private let limits: [String: InputValue]

    init(_ check: Check) { limits = check.blocks ?? [:] }

    /// Whether all that was missed has a harder limit, and these hold; and what the harder limits say of it.
    func judge(_ measurement: Measurement) -> (hold: Bool, reason: String?) {
        guard !limits.isEmpty, !measurement.missed.isEmpty else { return (false, nil) }
        var reasons: [String] = []
        var hold = true
        for field in measurement.missed.sorted() {
            guard case .text(let template)? = limits[field], let text = template.literal else {
                hold = false
                continue
            }
            do throws(QuantityError) {
                let holds = try QuantityParser.condition(text).holds(measurement.figures[field] ?? .nan)
                reasons.append(holds ? "it blocks unless \(text)" : "it must be \(text)")
                hold = hold && holds
            } catch {
                reasons.append("blocks: \(error.message)")
                hold = false
            }
        }
        return (hold, reasons.isEmpty ? nil : reasons.joined(separator: "; "))
    }
}
