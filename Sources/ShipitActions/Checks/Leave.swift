import ShipitCore
import ShipitEngine

/// What people have said about the checks of a suite, and when it is asked for.
struct Leave: Sendable {
    private let words: [String: CheckWord]

    init(_ words: [CheckWord]) {
        self.words = Dictionary(words.map { ($0.check, $0) }, uniquingKeysWith: { $1 })
    }

    /// What came of a manual check: a person's word that counts, or why there is none.
    func ask(_ check: Check, now: Instant) -> CheckResult {
        guard let word = words[check.name], word.kind == .tick else {
            let who = check.signers.map { "nobody of \($0.name)" } ?? "nobody"
            return CheckResult(check, .unticked("\(who) has ticked it"), trouble: "unticked", at: now)
        }
        if let trouble = check.trouble(with: word, about: check.tickedWords, now: now) {
            return CheckResult(check, .unticked(trouble), trouble: "unticked", at: now)
        }
        let read = word.values.keys.sorted().map { "\($0) \(word.values[$0]!)" }
        let said = (read + [word.why].compactMap(\.self)).joined(separator: "; ")
        var result = CheckResult(
            check, .passed, evidence: "ticked by \(word.person) at \(word.at)\(said.isEmpty ? "" : ": \(said)")",
            at: word.at)
        result.word = word
        return result
    }

    /// The result with a waiver or its owner's sign-off, where it failed and there is one that counts.
    func applied(to result: CheckResult, now: Instant) -> CheckResult {
        guard result.standing == .failed else { return result }
        var result = result
        let check = result.check
        if let waiver = check.waiver {
            if now < waiver.until {
                result.standing = .waived
                return result
            }
            result.note = "the waiver of \(waiver.by) was over on \(waiver.lastDay)"
        }
        guard check.severity == .high, !check.isManual else { return result }
        guard check.signers != nil else {
            result.note = result.note ?? "no owner could sign it off: it needs a waiver"
            return result
        }
        guard let word = words[check.name], word.kind == .signOff else { return result }
        if let trouble = check.trouble(with: word, about: result.trouble ?? "", now: now) {
            result.note = trouble
        } else {
            result.standing = .signedOff
            result.word = word
        }
        return result
    }
}
