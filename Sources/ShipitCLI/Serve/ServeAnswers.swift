import ShipitCore
import ShipitEngine
import ShipitServer

/// `/healthz` and `/metrics` of `serve`.
struct ServeAnswers: Sendable {
    let project: Project
    let counts: ServeCounts

    /// A scheduler that has not looked at the clock for so long does not do its work.
    private static let patience = Duration.seconds(30)
    private static let remembered = 1000

    func answer(_ path: String) -> HTTPAnswer? {
        switch path {
        case "/healthz": health()
        case "/metrics": metrics()
        default: nil
        }
    }

    private func health() -> HTTPAnswer {
        let values = counts.now
        var troubles = [values.trouble].compactMap(\.self)
        if values.lastTurn.map({ ContinuousClock.now - $0 > Self.patience }) ?? true {
            troubles.append("the scheduler does not look at the clock")
        }
        let body = JSONValue.members([
            "status": troubles.isEmpty ? "ok" : "failing", "version": .string(Wiring.version),
            "startedAt": .string(values.startedAt.description), "troubles": .array(troubles.map { .string($0) }),
            "unreadable": .array(values.unreadable.map { .string($0) }),
        ])
        return HTTPAnswer(status: troubles.isEmpty ? 200 : 503, type: "application/json", body: body.pretty + "\n")
    }

    private func metrics() -> HTTPAnswer {
        do {
            return HTTPAnswer(
                type: "text/plain; version=0.0.4; charset=utf-8",
                body: ServeMetrics.text(counts.now, firings: try lastFirings(), runs: try openRuns()))
        } catch {
            let reason = SafeText.joined(ErrorText.failure(error).message)
            return HTTPAnswer(status: 500, type: "text/plain; charset=utf-8", body: reason + "\n")
        }
    }

    /// The newest time of each entry that has been dealt with, and its run.
    private func lastFirings() throws -> [(firing: FiringRecord, run: RunRecord?)] {
        let store = try Wiring.storeForReading(project.stateFolder)
        let all = try Wiring.firingsForReading(project.stateFolder).firings(of: nil, limit: Self.remembered)
        var seen: Set<String> = []
        return try all.filter { seen.insert($0.key.entry).inserted }.map { firing in
            (firing, try firing.run.flatMap { try store.run($0) })
        }
    }

    /// How many runs have not ended, by where they stand.
    private func openRuns() throws -> [RunPhase: Int] {
        let store = try Wiring.storeForReading(project.stateFolder)
        let records = try store.runs(matching: nil, environment: nil, limit: Self.remembered)
        let dead = try RunReading.undriven(records, in: store)
        var open: [RunPhase: Int] = [:]
        for record in records where record.summary.outcome == nil {
            let phase = RunView.shown(record.summary.state, holderIsDead: dead.contains(record.created.run))
            open[phase, default: 0] += 1
        }
        return open
    }
}

/// The text that Prometheus reads.
enum ServeMetrics {
    static func text(
        _ values: ServeCounts.Values, firings: [(firing: FiringRecord, run: RunRecord?)], runs: [RunPhase: Int]
    ) -> String {
        var text = family("shipit_info", "gauge", "The shipit that runs.", [(["version": Wiring.version], 1)])
        text += family(
            "shipit_start_time_seconds", "gauge", "When this server began, since 1970.",
            [([:], seconds(values.startedAt))])
        text += family("shipit_scheduler_turns_total", "counter", "Looks at the clock.", [([:], Double(values.turns))])
        text += family(
            "shipit_scheduler_failing", "gauge", "1 while the schedule cannot be looked at.",
            [([:], values.trouble == nil ? 0 : 1)])
        text += family(
            "shipit_pipelines_unreadable", "gauge", "Pipelines whose schedule is left out.",
            [([:], Double(values.unreadable.count))])
        text += family(
            "shipit_schedule_next_seconds", "gauge", "When an entry begins next, since 1970.",
            values.next.sorted { $0.key < $1.key }.map { (["entry": $0.key], seconds($0.value)) })
        text += entries("shipit_schedule_begun_total", "Runs that this server has begun.", values.begun)
        text += entries("shipit_schedule_missed_total", "Times at which nobody looked at the clock.", values.missed)
        text += entries("shipit_schedule_skipped_total", "Times whose run before had not ended.", values.skipped)
        text += family(
            "shipit_schedule_last_seconds", "gauge", "The last time of an entry that was dealt with, since 1970.",
            firings.map { (["entry": $0.firing.key.entry], seconds($0.firing.at)) })
        text += family(
            "shipit_schedule_last_ok", "gauge", "0 where an entry's last time came to nothing good.",
            firings.map { (["entry": $0.firing.key.entry], isWell($0.firing, $0.run) ? 1 : 0) })
        text += family(
            "shipit_runs_open", "gauge", "Runs that have not ended.",
            runs.sorted { $0.key.rawValue < $1.key.rawValue }.map { (["state": $0.key.rawValue], Double($0.value)) })
        return text
            + family(
                "shipit_runs_resumed_total", "counter", "Runs that this server has resumed.",
                [([:], Double(values.resumed))])
    }

    /// What still goes on is well until it ends otherwise.
    private static func isWell(_ firing: FiringRecord, _ run: RunRecord?) -> Bool {
        if let run { return run.summary.outcome.map { [.succeeded, .superseded].contains($0) } ?? true }
        return switch firing.state {
        case .queued, .skipped: true
        case .claimed: !firing.holderIsDead
        case .settled: firing.exitCode == 0
        case .missed, .lost: false
        }
    }

    private static func entries(_ name: String, _ help: String, _ counts: [String: Int]) -> String {
        family(name, "counter", help, counts.sorted { $0.key < $1.key }.map { (["entry": $0.key], Double($0.value)) })
    }

    private static func seconds(_ instant: Instant) -> Double { Double(instant.milliseconds) / 1000 }

    private static func family(
        _ name: String, _ type: String, _ help: String, _ samples: [(labels: [String: String], value: Double)]
    ) -> String {
        guard !samples.isEmpty else { return "" }
        let lines = samples.map { sample in
            let labels = sample.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escaped($0.value))\"" }
            let value = sample.value == sample.value.rounded() ? "\(Int64(sample.value))" : "\(sample.value)"
            return name + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}") + " \(value)\n"
        }
        return "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n" + lines.joined()
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
