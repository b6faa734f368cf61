import ShipitCore

/// Journal entries as timestamped lines for where there is no terminal: no control characters, nothing drawn twice.
struct PlainLines: Sendable {
    /// Of the subjects; known with the first entries.
    private var widest: Int?
    private var started: [AttemptID: Instant] = [:]
    private var lastLineAt: Instant?
    private var patience = PlainLines.shortestPatience

    /// A run that has nothing to tell says so after a minute, then ever more seldom: some build servers end what is silent.
    private static let shortestPatience = TimeSpan.minutes(1)
    private static let longestPatience = TimeSpan.minutes(15)

    /// The lines of new entries, each ended.
    mutating func lines(_ entries: [JournalEntry], plan: Plan) -> String {
        if widest == nil {
            widest = min(24, max(8, plan.stages.map { TextWidth.of(SafeText.line($0.name.text)) }.max() ?? 0))
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
        "\(Words.clock(at)) \(TextWidth.padded(subject, to: widest ?? 8)) \(words)\n"
    }

    private mutating func words(_ entry: JournalEntry) -> (subject: String, words: String)? {
        let event = EventWords(entry.event, at: entry.at)
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
    mutating func heartbeat(_ doing: Doing, rules: [MonitorEvaluator.RuleState], now: Instant) -> String {
        guard let last = lastLineAt, !doing.isOver, now - last >= patience else { return "" }
        lastLineAt = now
        patience = min(Self.longestPatience, patience + patience)
        return line(now, "run", "still " + doing.words(rules, now: now))
    }
}
