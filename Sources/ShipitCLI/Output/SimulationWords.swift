import ShipitCore

/// What a simulation found, for people and for programs.
struct SimulationWords {
    var plan: Plan
    var digest: String
    var cases: [Simulation.Case]

    // MARK: Text

    var text: String {
        var text = """
            simulation of \(SafeText.line(plan.pipeline)): \(SafeText.line(plan.release.tag)) to \
            \(SafeText.line(plan.environment)); nothing is executed

            At most: every attempt takes all the time it may. Usually: as in earlier runs (- where they don't tell).
            What dies is resumed at once. (In parentheses: undone without doing anything.)

            """
        if !plan.signers.isEmpty {
            text += "People are taken to sign: \(plan.signers.map(SafeText.line).joined(separator: ", ")).\n"
        }
        text += "\n"
        var table = Table(["case", "outcome", "exit", "at most", "way back", "usually", "undone, in this order"])
        var subject: String?
        for found in cases {
            let words = TroubleWords(found)
            if words.subject != subject {
                subject = words.subject
                if let subject { table.add(subject) }
            }
            table.add(
                (subject == nil ? "" : "  ") + words.text, Self.outcome(found.worst), String(found.worst.exitCode),
                Words.elapsed(found.worst.duration), found.worst.wayBack.map(Words.elapsed) ?? "-",
                found.usual.map { Words.elapsed($0.duration) } ?? "-", Self.consequences(found))
        }
        return text + table.text + "\n" + summary
    }

    private var endingIn5: [Simulation.Case] { cases.filter { $0.worst.exitCode == 5 } }

    /// The cases that leave something behind, each with what.
    private var summary: String {
        let bad = endingIn5
        guard !bad.isEmpty else { return "No case ends in 5: whatever fails, every way back is taken.\n" }
        var text = "\(Words.count(bad.count, "case ends", "cases end")) in 5, with something not undone:\n"
        for found in bad {
            let words = TroubleWords(found)
            let left = Self.left(found.worst).map { "\($0.stage) (\($0.note ?? "not undone"))" }
            let subject = words.subject.map { "\($0): " } ?? ""
            text += "  \(subject)\(words.text): \(left.joined(separator: ", "))\n"
        }
        return text
    }

    static func outcome(_ run: RehearsedRun) -> String {
        run.isCut ? "no end" : run.state.outcome?.rawValue ?? run.state.phase.rawValue
    }

    private static func left(_ run: RehearsedRun) -> [UndoAccount.Entry] {
        let account = UndoAccount(run.state)
        guard run.state.rollbackReason != nil else { return account.unfinished }
        return account.notUndone + account.undeclared + account.unfinished + account.unwell
    }

    private static func consequences(_ found: Simulation.Case) -> String {
        let run = found.worst
        var parts: [String] = []
        let undone = run.undone.map { stage in
            let name = SafeText.line(stage.text)
            return run.isUndoneByDoing(stage) ? name : "(\(name))"
        }
        if !undone.isEmpty { parts.append(undone.joined(separator: ", ")) }
        if run.exitCode == 5 {
            let isUnwell = UndoAccount(run.state).isOnlyUnwell
            let what =
                run.state.rollbackReason == nil ? "NOT cleaned up: " : isUnwell ? "NOT well: " : "NOT undone: "
            parts.append(what + left(run).map(\.stage).joined(separator: ", "))
        }
        if let reason = run.state.pausedReason, run.state.outcome == nil {
            parts.append("asks: " + SafeText.line(reason))
        }
        if let source = found.trouble.source { parts.append(Self.found(run, about: source)) }
        return parts.joined(separator: "; ")
    }

    /// What the rules made of a source that went bad.
    private static func found(_ run: RehearsedRun, about source: String) -> String {
        if let breach = run.state.breaches.first, let began = run.state.monitoringStartedAt {
            return "breach of \(SafeText.line(breach.breach.rule)) after \(Words.elapsed(breach.at - began))"
        }
        if run.state.monitoringStartedAt == nil { return "nothing watches it" }
        return run.state.outcome == .succeeded ? "NO RULE MINDS" : "no breach"
    }

    // MARK: JSON

    var json: JSONValue {
        .members([
            "plan": .members([
                "pipeline": .string(plan.pipeline), "environment": .string(plan.environment),
                "tag": .string(plan.release.tag), "digest": .string(digest),
            ]),
            "assumedSigned": .array(plan.signers.map(JSONValue.string)),
            "cases": .array(cases.map(Self.json)),
            "endingIn5": .array(
                endingIn5.map { found in
                    let words = TroubleWords(found)
                    return .string((words.subject.map { "\($0): " } ?? "") + words.text)
                }),
        ])
    }

    private static func json(_ found: Simulation.Case) -> JSONValue {
        let run = found.worst
        return .members([
            "stage": .text(found.trouble.stage?.text), "source": .text(found.trouble.source),
            "trouble": .string(found.trouble.word), "verify": .text(found.trouble.verification?.rawValue),
            "state": .string(run.state.phase.rawValue), "outcome": .text(run.state.outcome?.rawValue),
            "exitCode": .integer(Int64(run.exitCode)),
            "undone": .array(run.undone.map { .string($0.text) }),
            "notUndone": .array(left(run).map { .members(["stage": .string($0.stage), "reason": .text($0.note)]) }),
            "pausedAt": .text(run.pausedAt?.text),
            "reason": .text(run.state.pausedReason ?? run.state.outcomeReason),
            "breaches": .array(run.state.breaches.map { .string($0.breach.rule) }),
            "atMost": .number(run.duration.seconds), "wayBackAtMost": seconds(run.wayBack),
            "usually": seconds(found.usual?.duration), "wayBackUsually": seconds(found.usual?.wayBack),
        ])
    }

    private static func seconds(_ span: TimeSpan?) -> JSONValue { span.map { .number($0.seconds) } ?? .null }
}

/// A case of a simulation in words.
struct TroubleWords {
    /// The stage or the source; `nil` for the run as a whole.
    var subject: String?
    var text: String

    init(_ found: Simulation.Case) {
        let trouble = found.trouble
        subject = (trouble.stage?.text ?? trouble.source.map { "monitor: \($0)" } ?? trouble.ofMonitor).map(
            SafeText.line)
        let attempts = trouble.stage.flatMap { found.worst.state[$0]?.perform.attempts } ?? 1
        let times = attempts > 1 ? ", \(attempts) times" : ""
        let people = trouble.stage.flatMap { found.worst.state.planned($0)?.hold }
        text =
            switch trouble {
            case .fails where people != nil: "is rejected"
            case .timesOut where people != nil: "is not signed in time"
            case .none: "all goes well"
            case .failsOnce: "fails once"
            case .fails: "fails" + times
            case .timesOut: "times out" + times
            case .engineDies: "shipit is killed there"
            case .machineDies(_, nil): "the machine dies there"
            case .machineDies(_, let answer?): "the machine dies, verify: \(answer.rawValue)"
            case .breachAfter: "a breach after it"
            case .undoFails: "fails, and its undo"
            case .finallyFails: "its finally fails"
            case .rollbackCheckFails: "what it asks after a rollback fails"
            case .sourceFails: "gives errors only"
            case .sourceSilent: "gives nothing"
            case .noBaseline: "gives nothing before the first change"
            }
    }
}

extension Plan {
    /// The roles that sign, at the beginning and on the way; each once.
    fileprivate var signers: [String] {
        let roles = (approvals?.roles ?? []) + stages.filter { !$0.skipped }.flatMap { $0.hold?.roles ?? [] }
        var seen: Set<String> = []
        return roles.map(\.name).filter { seen.insert($0).inserted }
    }
}

extension Simulation.Trouble {
    var stage: StageName? {
        switch self {
        case .none, .sourceFails, .sourceSilent, .noBaseline: nil
        case .failsOnce(let stage), .fails(let stage), .timesOut(let stage), .engineDies(let stage),
            .machineDies(let stage, _), .breachAfter(let stage), .undoFails(let stage), .finallyFails(let stage),
            .rollbackCheckFails(let stage):
            stage
        }
    }

    var source: String? {
        switch self {
        case .sourceFails(let source), .sourceSilent(let source): source
        default: nil
        }
    }

    /// All sources at once.
    var ofMonitor: String? {
        if case .noBaseline = self { return "monitor" }
        return nil
    }

    var verification: Script.Verification? {
        if case .machineDies(_, let answer) = self { return answer }
        return nil
    }

    /// For programs.
    var word: String {
        switch self {
        case .none: "none"
        case .failsOnce: "failsOnce"
        case .fails: "fails"
        case .timesOut: "timesOut"
        case .engineDies: "engineDies"
        case .machineDies: "machineDies"
        case .breachAfter: "breachAfter"
        case .undoFails: "undoFails"
        case .finallyFails: "finallyFails"
        case .rollbackCheckFails: "rollbackCheckFails"
        case .sourceFails: "sourceFails"
        case .sourceSilent: "sourceSilent"
        case .noBaseline: "noBaseline"
        }
    }
}
