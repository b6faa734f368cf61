import ShipitCore
import ShipitEngine
import ShipitStore

/// A line of `audit export`. These names are read outside this repository.
enum ExportLine {
    /// - Parameter whole: with all that the seal is made of, not the hashes alone.
    static func run(_ run: StoredRun, whole: Bool) -> JSONValue {
        let record = run.record
        var members: [JSONValue.Member] = [
            .init(key: "record", value: "run"),
            .init(key: "run", value: .string(record.created.run.text)),
            .init(key: "number", value: .integer(run.number)),
            .init(key: "environment", value: .string(record.created.environment)),
            .init(key: "events", value: .integer(record.lastSequence)),
            .init(key: "seal", value: .string(run.seal)),
            .init(key: "head", value: .string(run.head)),
        ]
        guard whole else { return .object(members) }
        members += [
            .init(key: "state", value: .string(record.summary.state.rawValue)),
            .init(key: "outcome", value: .text(record.summary.outcome?.rawValue)),
            .init(key: "startedAt", value: .string(record.startedAt.description)),
            .init(key: "finishedAt", value: .text(record.summary.finishedAt?.description)),
            .init(key: "root", value: .string(record.root)),
            .init(key: "file", value: .string(record.file)),
            .init(key: "created", value: .string(run.created)),
            .init(key: "planHash", value: .string(run.planHash)),
            .init(key: "plan", value: .string(run.plan)),
        ]
        return .object(members)
    }

    /// The event's own fields, as `journal` shows them, and beside them the text that was hashed.
    static func event(_ event: StoredEvent, of run: RunID) -> JSONValue {
        guard case .object(let fields) = JournalJSON.value(event.entry) else {
            preconditionFailure("an event is an object")
        }
        let first: [JSONValue.Member] = [
            .init(key: "record", value: "event"), .init(key: "run", value: .string(run.text)),
        ]
        let last: [JSONValue.Member] = [
            .init(key: "version", value: .integer(event.version)),
            .init(key: "body", value: .string(event.body)),
            .init(key: "previousHash", value: .string(event.previousHash)),
            .init(key: "hash", value: .string(event.hash)),
        ]
        return .object(first + fields.filter { $0.key != "run" } + last)
    }
}
