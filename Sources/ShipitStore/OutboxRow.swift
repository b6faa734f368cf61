import GRDB
import ShipitCore
import ShipitEngine

/// A message of the outbox as it is stored: what it is of, and what has become of it.
enum OutboxRow {
    static let columns = "sequence, source, moment, at, state, tries, next_at, trouble"

    /// Those of events that are being appended. What waits there already of the same source is worth another try at once:
    /// the news behind it must wait for it.
    static func add(_ notices: [Notice], of run: Int64, at now: Instant, in database: Database) throws {
        for notice in notices {
            let source = stored(notice.source)
            try database.execute(
                sql: "UPDATE outbox SET next_at = min(next_at, ?) WHERE run = ? AND source = ? AND state = 0",
                arguments: [now.milliseconds, run, source])
            try database.execute(
                sql: "INSERT INTO outbox (run, sequence, source, moment, at, next_at) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    run, notice.sequence, source, notice.moment.rawValue, now.milliseconds, now.milliseconds,
                ])
        }
    }

    /// From a row with `columns`.
    static func notice(_ row: Row, of run: RunID) throws -> OutboxNotice {
        let (sequence, sourceText, momentText): (Int64, String, String) = (
            try row.value("sequence"), try row.value("source"), try row.value("moment")
        )
        let (at, stateNumber, tries): (Int64, Int64, Int) = (
            try row.value("at"), try row.value("state"), try row.value("tries")
        )
        let (next, trouble): (Int64, String?) = (try row.value("next_at"), try row.value("trouble"))
        guard let moment = Moment(rawValue: momentText), let state = OutboxNotice.State(rawValue: stateNumber),
            let source = source(sourceText)
        else {
            throw StoreError.failed(
                "read the outbox of \(run)",
                cause: "a row is damaged: \(sourceText), \(momentText), \(stateNumber) is no message")
        }
        return OutboxNotice(
            run: run, notice: Notice(source, moment, sequence: sequence), at: Instant(milliseconds: at), state: state,
            tries: tries, nextTry: Instant(milliseconds: next), trouble: trouble)
    }

    /// `1` for an entry of `notify:`, `stage NAME` for a stage.
    static func stored(_ source: Notice.Source) -> String {
        switch source {
        case .entry(let number): String(number)
        case .stage(let name): stagePrefix + name.text
        }
    }

    private static let stagePrefix = "stage "

    private static func source(_ text: String) -> Notice.Source? {
        if text.hasPrefix(stagePrefix) { return .stage(StageName(String(text.dropFirst(stagePrefix.count)))) }
        return Int(text).map(Notice.Source.entry)
    }
}
