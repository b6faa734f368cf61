import GRDB
public import ShipitCore
public import ShipitEngine

extension SQLiteStore: DryRunStore {
    public func record(dryRun run: NewRun, events: [(event: RunEvent, at: Instant)]) throws(StoreError) {
        precondition(run.created.dryRun && !events.isEmpty)
        try write("record the dry-run \(run.created.run)") { database in
            var head = try Self.insert(run, at: events[0].at, in: database)
            var state = RunState(plan: run.plan)
            for (event, at) in events {
                state.apply(event, at: at)
                try head.append(
                    [event], notices: run.plan.notices(of: [event], after: head.lastSequence, dryRun: true),
                    version: JournalChain.eventVersion, at: at, summary: RunSummaryState(state), in: database)
            }
        }
    }

    public func lastDryRun(pipeline: String, environment: String) throws(StoreError) -> RunRecord? {
        let record = try read("find the last dry-run of \(environment)") { database in
            try RunRow.newest(1, in: database) { head in
                head.environment == environment && head.summary.outcome != nil
            } where: { run in
                run.created.pipeline == pipeline && run.created.dryRun
            }.first?.record
        }
        return record ?? nil
    }
}
