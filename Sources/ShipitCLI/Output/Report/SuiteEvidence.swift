import ShipitCore
import ShipitEngine

/// What a stage's suite asked and what came back, in the last attempt that asked it.
struct SuiteEvidence: Hashable, Sendable {
    var stage: StageName
    var suite: String
    var attempt: AttemptID
    /// In the order of the suite.
    var answers: [Answer]

    struct Answer: Hashable, Sendable {
        var check: Check
        var mark: Mark
        /// What was found, as it was said then; empty where nothing was.
        var words: String
        /// What was asked and what came back, where the book of checks still has it.
        var kept: KeptResult?

        var passed: Bool { mark == .passed }
    }

    enum Mark: String, Hashable, Sendable {
        case passed
        /// It stood in the way.
        case failed
        /// It did not pass, and only warned.
        case warning
        /// It did not pass, and a waiver or its owner's word let it.
        case waived
        case signedOff = "signed-off"
        /// Nothing is on record: it was not asked, or its answer is no longer kept.
        case none
    }

    /// From what the run's actions said: a line a check, which `checks` writes as soon as it has the answer.
    static func of(_ view: RunView, notes: [RunNote]) -> [SuiteEvidence] {
        let notes = Dictionary(grouping: notes, by: \.key)
        return view.stages.flatMap { planned, stage in
            Part.allCases.compactMap { part in
                guard let suite = suite(of: planned, part), let checks = view.state.plan.suites[suite] else {
                    return nil
                }
                // The last attempt that said something is the one that counts.
                for number in stride(from: stage[part].attempts, to: 0, by: -1) {
                    let attempt = AttemptID(stage: planned.name, part: part, number: number)
                    guard let said = notes[CommandKey(run: view.created.run, attempt: attempt).text] else { continue }
                    return SuiteEvidence(
                        stage: planned.name, suite: suite, attempt: attempt,
                        answers: answers(to: checks, in: said.map(\.text)))
                }
                return nil
            }
        }
    }

    /// Adds what the book has of the same answers.
    mutating func complete(from record: SuiteRecord) {
        for place in answers.indices {
            guard let kept = record.results.first(where: { $0.name == answers[place].check.name }),
                kept.standing.rawValue == answers[place].mark.rawValue
            else { continue }
            answers[place].kept = kept
        }
    }

    /// From what a dry-run found.
    static func ofDryRun(_ view: RunView) -> [SuiteEvidence] {
        view.state.dryRun.suites.map { asked in
            let found = Dictionary(asked.answers.map { ($0.check, $0) }, uniquingKeysWith: { first, _ in first })
            return SuiteEvidence(
                stage: asked.stage, suite: asked.suite, attempt: AttemptID(stage: asked.stage, number: 1),
                answers: (view.state.plan.suites[asked.suite] ?? []).map { check in
                    let answer = found[check.name]
                    return Answer(
                        check: check, mark: answer.flatMap { Mark(rawValue: $0.standing.rawValue) } ?? .none,
                        words: SafeText.joined(answer?.words ?? ""))
                })
        }
    }

    private static func suite(of stage: PlannedStage, _ part: Part) -> String? {
        let call: ActionCall? =
            switch part {
            case .perform: stage.perform
            case .undo: stage.undoCall
            case .finally: stage.finally
            case .rollbackCheck: stage.rollbackCheck
            }
        return call?.suite
    }

    static func answers(to checks: [Check], in lines: [String]) -> [Answer] {
        // A name may begin like another's.
        let names = checks.map(\.name).sorted { $0.utf8.count > $1.utf8.count }
        var found: [String: (Mark, String)] = [:]
        for line in lines {
            guard let colon = line.firstRange(of: ": "), let mark = mark(line[..<colon.lowerBound]) else { continue }
            let rest = line[colon.upperBound...]
            guard let name = names.first(where: { isAbout($0, rest) }) else { continue }
            found[name] = (mark, words(rest.dropFirst(name.count)))
        }
        return checks.map { check in
            let (mark, words) = found[check.name] ?? (.none, "")
            return Answer(check: check, mark: mark, words: words)
        }
    }

    private static func mark(_ word: Substring) -> Mark? {
        switch word {
        case "FAILED": .failed
        case Substring(Mark.none.rawValue), Substring(Mark.failed.rawValue): nil
        default: Mark(rawValue: String(word))
        }
    }

    private static func isAbout(_ name: String, _ rest: Substring) -> Bool {
        guard rest.hasPrefix(name) else { return false }
        let after = rest.dropFirst(name.count)
        return after.isEmpty || after.hasPrefix(":") || after.hasPrefix(" (try ")
    }

    private static func words(_ rest: Substring) -> String {
        let text = rest.hasPrefix(": ") ? rest.dropFirst(2) : rest.drop { $0 == " " }
        return SafeText.joined(String(text))
    }
}
