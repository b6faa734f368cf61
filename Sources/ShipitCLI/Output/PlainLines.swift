import ShipitCore

/// Journal entries as timestamped lines for where there is no terminal: no control characters, nothing drawn twice.
struct PlainLines: Sendable {
    private var widest = 8
    private var started: [AttemptID: Instant] = [:]
    private var lastLineAt: Instant?
    private var patience = PlainLines.shortestPatience

    /// A run that has nothing to tell says so after a minute, then ever more seldom: some build servers end what is silent.
    private static let shortestPatience = TimeSpan.minutes(1)
    private static let longestPatience = TimeSpan.minutes(15)

    /// The lines of new entries, each ended.
    mutating func lines(_ entries: [JournalEntry], state: RunState) -> String {
        if entries.contains(where: { if case .runCreated = $0.event { true } else { false } }) || lastLineAt == nil {
            widest = min(24, max(8, state.plan.stages.map { TextWidth.of(SafeText.line($0.name.text)) }.max() ?? 0))
        }
        var text = ""
        for entry in entries {
            guard let words = words(entry) else { continue }
            text += line(entry.at, words.subject, words.words)
            lastLineAt = entry.at
            patience = Self.shortestPatience
        }
        return text
    }

    func line(_ at: Instant, _ subject: String, _ words: String) -> String {
        "\(Words.clock(at)) \(TextWidth.padded(subject, to: widest)) \(words)\n"
    }

    private mutating func words(_ entry: JournalEntry) -> (subject: String, words: String)? {
        let event = EventWords(entry.event)
        switch entry.event {
        case .lockTaken, .stepStarted: return nil
        case .runCreated: return (event.subject, event.words + " (times are UTC)")
        case .attemptStarted(let attempt): started[attempt] = entry.at
        case .attemptFinished(let attempt, let result):
            guard let began = started.removeValue(forKey: attempt), result.verdict == .succeeded else { break }
            return (event.subject, "\(event.words) after \(Words.duration(entry.at - began))")
        default: break
        }
        return (event.subject, event.words)
    }

    /// A line that says what goes on, when there has been none for long.
    mutating func heartbeat(_ state: RunState, rules: [MonitorEvaluator.RuleState], now: Instant) -> String {
        guard let last = lastLineAt, state.outcome == nil, now - last >= patience else { return "" }
        lastLineAt = now
        patience = min(Self.longestPatience, patience + patience)
        return line(now, "run", Self.doing(state, rules: rules, now: now))
    }

    private static func doing(_ state: RunState, rules: [MonitorEvaluator.RuleState], now: Instant) -> String {
        let running = state.attemptsInFlight.map { attempt in
            let part = attempt.part == .perform ? "" : "\(attempt.part.rawValue) of "
            let since = state[attempt.stage]?[attempt.part].startedAt.map { ", \(Words.elapsed(now - $0))" } ?? ""
            return part + SafeText.line(attempt.stage.text) + since
        }
        if !running.isEmpty { return "still running: " + running.joined(separator: "; ") }
        guard state.phase == .monitoring else { return "still \(StateWords.of(phase: state.phase, outcome: nil))" }
        let values = rules.map { RuleWords.text($0, now: now) }
        return "still monitoring" + (values.isEmpty ? "" : ": " + values.joined(separator: "; "))
    }
}
