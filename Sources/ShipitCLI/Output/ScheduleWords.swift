import ShipitCore
import ShipitEngine

/// `schedule list` and `schedule next` for a person.
enum ScheduleWords {
    struct Row {
        var entry: ScheduledEntry
        /// `nil` where it never runs again.
        var next: (firing: Firing, start: Instant)?
        /// What came of its last time.
        var last: FiringRecord?
        var run: RunRecord?
    }

    struct Coming {
        var entry: ScheduledEntry
        var firing: Firing
        /// With its delay.
        var start: Instant
    }

    static func list(_ rows: [Row]) -> String {
        guard !rows.isEmpty else { return "no pipeline has a schedule\n" }
        var table = Table(["ENTRY", "WHEN", "ZONE", "WHAT", "NEXT (UTC)", "LAST"])
        for row in rows {
            table.add(
                SafeText.line(row.entry.key), SafeText.line(row.entry.entry.cron.text), row.entry.entry.zone,
                SafeText.line(what(row.entry.entry)), row.next.map { Words.minute($0.start) } ?? "never",
                SafeText.joined(last(row)))
        }
        return table.text
    }

    static func next(_ comings: [Coming]) -> String {
        guard !comings.isEmpty else { return "nothing comes by itself\n" }
        var table = Table(["STARTS (UTC)", "ENTRY", "FOR", "ZONE", "WHAT"])
        for coming in comings {
            table.add(
                Words.minute(coming.start), SafeText.line(coming.entry.key), coming.firing.nominal.description,
                coming.entry.entry.zone, SafeText.line(what(coming.entry.entry)))
        }
        return table.text
    }

    /// `dry run of latest to staging`.
    private static func what(_ entry: ScheduleEntry) -> String {
        (entry.dryRun ? "dry run of " : "deploy ") + entry.tag + (entry.environment.map { " to \($0)" } ?? "")
    }

    private static func last(_ row: Row) -> String {
        guard let last = row.last else { return "-" }
        return "\(last.key.nominal): \(outcome(last, row.run))"
    }

    /// What came of a time that has been dealt with.
    static func outcome(_ firing: FiringRecord, _ run: RunRecord?) -> String {
        if let run {
            let state = StateWords.of(phase: run.summary.state, outcome: run.summary.outcome)
            return "run \(run.created.run) \(state)"
        }
        let words = firing.words.isEmpty ? "" : ": \(firing.words)"
        switch firing.state {
        case .claimed: return firing.holderIsDead ? "who had begun it is gone" : "being begun"
        case .settled: return (firing.exitCode == 0 ? "nothing was to be done" : "exit \(firing.exitCode ?? 1)") + words
        case .queued, .skipped, .missed, .lost: return firing.state.rawValue + words
        }
    }
}

/// The same for programs.
enum ScheduleJSON {
    static func list(_ rows: [ScheduleWords.Row]) -> String {
        JSONValue.array(
            rows.map { row in
                entry(row.entry)
                    .adding("next", .text(row.next?.start.description))
                    .adding("last", row.last.map { firing($0) } ?? .null)
            }
        ).pretty + "\n"
    }

    static func next(_ comings: [ScheduleWords.Coming]) -> String {
        JSONValue.array(
            comings.map { coming in
                .members([
                    "entry": .string(coming.entry.key), "at": .string(coming.start.description),
                    "nominal": .string(coming.firing.nominal.description), "zone": .string(coming.entry.entry.zone),
                ])
            }
        ).pretty + "\n"
    }

    private static func entry(_ entry: ScheduledEntry) -> JSONValue {
        let item = entry.entry
        return .members([
            "entry": .string(entry.key), "pipeline": .string(entry.pipeline), "name": .string(item.name),
            "cron": .string(item.cron.text), "zone": .string(item.zone), "tag": .string(item.tag),
            "environment": .text(item.environment), "dryRun": .bool(item.dryRun),
            "missed": .string(item.missed.rawValue), "overlap": .string(item.overlap.rawValue),
            "jitter": .number(item.jitter.seconds),
        ])
    }

    private static func firing(_ firing: FiringRecord) -> JSONValue {
        .members([
            "nominal": .string(firing.key.nominal), "at": .string(firing.at.description),
            "state": .string(firing.state.rawValue), "run": .text(firing.run?.text),
            "exitCode": firing.exitCode.map { .integer(Int64($0)) } ?? .null, "words": .string(firing.words),
        ])
    }
}
