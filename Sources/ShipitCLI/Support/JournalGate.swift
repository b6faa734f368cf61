import ShipitCore
import ShipitEngine

/// Whether what is recorded of an environment can be believed: a new deployment builds upon it, on what is live and on
/// nobody's being at work. Only looks.
struct JournalGate {
    let store: any RunStore

    /// How many runs are read: enough to meet the live one and whatever is unfinished, few enough not to be waited for.
    /// (`audit verify` reads all.)
    private static let depth = 20

    func check(_ environment: String) throws {
        let lock = try store.lock(of: environment)
        for record in try store.runs(matching: nil, environment: environment, limit: Self.depth) {
            let run = record.created.run
            let state: RunState
            do {
                state = try RunReading(record, in: store).state
            } catch let error as StoreError {
                var failure = ErrorText.failure(error)
                failure.message += "\nnothing is deployed to \(environment) on a journal that cannot be believed"
                failure.hint =
                    "see all that is wrong with: shipit audit verify\nthen bring journal.db back from a backup"
                throw failure
            }
            guard state.isDirty, lock == nil else { continue }
            throw CommandFailure(
                .machine, "the lock of \(environment) is gone from the journal, though run \(run) keeps it closed",
                hint: "see what else is wrong with: shipit audit verify")
        }
    }
}
