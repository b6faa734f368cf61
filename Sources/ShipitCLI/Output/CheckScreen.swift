import Foundation
import ShipitActions
import ShipitCore
import ShipitEngine

/// What came of a suite, on one screen: the verdict, every refusal with its evidence and remedy, and what has changed.
struct CheckScreen {
    private let outcome: SuiteOutcome
    private let width: Int
    private let color: Bool
    /// More passes than this are named in a few lines, not in one each.
    private static let linesForPasses = 12

    init(_ outcome: SuiteOutcome, width: Int, color: Bool) {
        self.outcome = outcome
        self.width = width
        self.color = color
    }

    init(_ outcome: SuiteOutcome, streams: Streams) {
        let style = Terminal.style(
            environment: ProcessInfo.processInfo.environment, isTerminal: Streams.isOutputTerminal)
        let columns = Streams.isOutputTerminal ? Terminal.size(of: STDOUT_FILENO).width : 80
        self.init(outcome, width: max(40, min(columns, 120)), color: style?.color ?? false)
    }

    var text: String {
        let results = outcome.report.results
        let troubled = results.filter { !$0.passed }.sorted { Self.rank($0) < Self.rank($1) }
        var lines = [verdict, ""]
        for result in troubled { lines += block(result) }
        if !troubled.isEmpty { lines.append("") }
        lines += passes(results.filter(\.passed))
        lines += [""] + changes
        return lines.joined(separator: "\n") + "\n"
    }

    private var verdict: String {
        let key = outcome.key
        let word = outcome.isGo ? paint("GO", "32;1") : paint("NO-GO", "31;1")
        let results = outcome.report.results
        let counts = [
            (results.count(where: \.blocks), "failed"),
            (
                results.count { $0.standing == .warning },
                results.count { $0.standing == .warning } == 1 ? "warning" : "warnings"
            ),
            (results.count { $0.standing == .waived }, "waived"),
            (results.count { $0.standing == .signedOff }, "signed off"),
            (results.count(where: \.passed), "passed"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let where_ = SafeText.line("\(key.suite) in \(key.environment)")
        return "\(word)  \(where_): \(counts.joined(separator: ", ")), \(Words.duration(outcome.duration))"
    }

    // MARK: Trouble

    private static func rank(_ result: CheckResult) -> Int {
        switch result.standing {
        case .failed: if case .notAsked = result.status { 1 } else { 0 }
        case .signedOff: 2
        case .waived: 3
        case .warning: 4
        case .passed: 5
        }
    }

    private func block(_ result: CheckResult) -> [String] {
        let (mark, paint): (String, String) =
            switch (result.standing, result.status) {
            case (.failed, .unticked): ("TO TICK", "31;1")
            case (.failed, .notAsked): ("NOT ASKED", "31;1")
            case (.failed, _): ("FAILED", "31;1")
            case (.signedOff, _): ("SIGNED OFF", "33")
            case (.waived, _): ("WAIVED", "33")
            case (.warning, _): ("WARNING", "33")
            case (.passed, _): ("passed", "32")
            }
        let check = result.check
        let again = result.tries > 1 ? " (try \(result.tries))" : ""
        let reason = "\(SafeText.line(check.name))\(again): \(SafeText.joined(result.reason ?? ""))"
        var lines = wrapped(reason, head: self.paint(TextWidth.padded(mark, to: 11), paint), indent: 11)
        if let leave = result.leave { lines += wrapped(SafeText.joined(leave), indent: 11) }
        if case .unticked = result.status {
            lines += wrapped(SafeText.joined(check.tickedWords), head: "           what: ", indent: 17)
            lines.append("           do:   \(TypedPlace.complete(tickCommand(check)))")
        } else if !result.evidence.isEmpty {
            lines += wrapped(SafeText.joined(result.evidence), head: "           seen: ", indent: 17)
        }
        if let remediation = check.remediation {
            lines += wrapped(SafeText.joined(remediation), head: "           do:   ", indent: 17)
        }
        return lines
    }

    private func tickCommand(_ check: Check) -> String {
        let values = check.conditions.map { " --value \($0.field)=VALUE" }.joined()
        let who = check.signers.map { " --as " + $0.people.map { SafeText.line($0.name) }.joined(separator: "|") } ?? ""
        return "shipit check \(outcome.key.suite) --env \(outcome.key.environment) --tick "
            + "\(ShellWord.quoted(SafeText.line(check.name)))\(values)\(who)"
    }

    // MARK: Passes and changes

    private func passes(_ passed: [CheckResult]) -> [String] {
        guard passed.count > Self.linesForPasses else {
            let names = passed.map { TextWidth.of(SafeText.line($0.check.name)) }.max() ?? 0
            return passed.map { result in
                let name = TextWidth.padded(SafeText.line(result.check.name), to: min(names, 30))
                let old = result.isBelieved ? " (asked \(Words.clock(result.at)))" : ""
                let head = paint("passed     ", "32")
                let line = "\(name) \(old) \(SafeText.joined(result.evidence))"
                return head + TextWidth.cut(line, to: width - 11)
            }
        }
        let names = passed.map { SafeText.line($0.check.name) }.joined(separator: ", ")
        return wrapped("\(passed.count): \(names)", head: paint("passed     ", "32"), indent: 11)
    }

    private var changes: [String] {
        guard let green = outcome.green else { return ["there is no earlier green run to compare with"] }
        let when = "since the last green run (\(Words.minute(green.at)))"
        let changes = outcome.changes
        guard !changes.isEmpty else { return ["\(when): nothing has changed"] }
        let words = changes.map { change in
            let name = SafeText.line(change.name)
            guard let after = change.after else { return "\(name) is gone" }
            return "\(name): \(change.before?.rawValue ?? "new") → \(after.rawValue)"
        }
        return ["\(when), \(changes.count) changed:"] + words.flatMap { wrapped($0, head: "  ", indent: 4) }
    }

    // MARK: Lines

    private func paint(_ text: String, _ code: String) -> String { color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

    /// Broken between words; a word that is wider than the screen stays whole, so that it can be copied.
    private func wrapped(_ text: String, head: String? = nil, indent: Int) -> [String] {
        let padding = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = head ?? padding
        var used = indent
        var isFirst = true
        for word in text.split(separator: " ", omittingEmptySubsequences: true) {
            let size = TextWidth.of(String(word))
            if !isFirst, used + 1 + size > width {
                lines.append(line)
                (line, used, isFirst) = (padding, indent, true)
            }
            line += (isFirst ? "" : " ") + word
            used += size + (isFirst ? 0 : 1)
            isFirst = false
        }
        return lines + [line]
    }
}
