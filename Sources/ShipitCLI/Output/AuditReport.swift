import ShipitCore
import ShipitEngine
import ShipitStore

/// What `audit verify` found.
struct AuditReport {
    var runs: [RunAudit]
    /// What is wrong beside the runs; `nil` where that was not asked for.
    var file: [String]?
    /// What differs from an earlier export; `nil` where there was none to compare with.
    var baseline: AuditBaseline.Finding?

    var isGood: Bool {
        runs.allSatisfy { $0.damage == nil } && file?.isEmpty != false && baseline?.differences.isEmpty != false
    }

    // MARK: Text

    var text: String {
        var table = Table(["RUN", "EVENTS", "HEAD", ""])
        for run in runs {
            table.add(SafeText.line(run.run.text), "\(run.events)", run.head ?? "-", Self.verdict(run))
        }
        var text = runs.isEmpty ? "no runs are recorded\n" : table.text
        for trouble in file ?? [] { text += "file: \(SafeText.line(trouble))\n" }
        for difference in baseline?.differences ?? [] {
            text += "changed since the export: \(SafeText.line(difference))\n"
        }
        return text + (isGood ? good : "")
    }

    private static func verdict(_ run: RunAudit) -> String {
        guard let damage = run.damage else { return "ok" }
        let good = run.events == 0 ? "no event is good" : "events 1 to \(run.events) are good"
        return "DAMAGED at event \(run.events + 1): \(SafeText.line(damage)); \(good)"
    }

    private var good: String {
        let events = runs.reduce(0) { $0 + $1.events }
        let whole = file == nil ? "" : "the file is whole, "
        let compared =
            baseline.map { "; all of \(Words.count($0.compared, "hash", "hashes")) of the export are there" } ?? ""
        return
            "ok: \(whole)\(Words.count(runs.count, "run")), \(Words.count(Int(events), "event")), every hash as recorded\(compared)\n"
    }

    // MARK: JSON

    var json: JSONValue {
        .members([
            "ok": .bool(isGood),
            "file": file.map { troubles in
                .members([
                    "ok": .bool(troubles.isEmpty), "troubles": .array(troubles.map(JSONValue.string)),
                ])
            } ?? .null,
            "runs": .array(runs.map(Self.json)),
            "against": baseline.map { baseline in
                .members([
                    "ok": .bool(baseline.differences.isEmpty), "compared": .integer(Int64(baseline.compared)),
                    "differences": .array(baseline.differences.map(JSONValue.string)),
                ])
            } ?? .null,
        ])
    }

    private static func json(_ run: RunAudit) -> JSONValue {
        .members([
            "run": .string(run.run.text), "environment": .text(run.environment), "ok": .bool(run.damage == nil),
            "events": .integer(run.events), "head": .text(run.head),
            "lastGood": .integer(run.events), "firstBad": run.damage == nil ? .null : .integer(run.events + 1),
            "reason": .text(run.damage),
        ])
    }

    // MARK: Failure

    /// `nil` where all is in order.
    func failure(stateFolder: String) -> CommandFailure? {
        if isGood { return nil }
        let damaged = runs.filter { $0.damage != nil }
        var words: [String] = []
        if !damaged.isEmpty { words.append("\(Words.count(damaged.count, "run")) of \(runs.count) damaged") }
        if let file, !file.isEmpty { words.append("the file itself is not in order") }
        if baseline?.differences.isEmpty == false { words.append("it is not what was exported earlier") }
        let look =
            damaged.first { $0.events > 0 }.map { "\nlook at what is good of a run with: shipit journal \($0.run)" }
            ?? ""
        return CommandFailure(
            .machine, "the journal is not what was recorded: " + words.joined(separator: ", "),
            hint:
                "nothing was repaired, and nothing was written\nfirst copy the whole folder \(stateFolder) as it is\(look)\n"
                + "then bring the folder back from a backup, and compare: shipit audit verify --against FILE")
    }
}
