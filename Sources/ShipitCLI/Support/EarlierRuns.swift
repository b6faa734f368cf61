import ShipitCore
import ShipitEngine

/// What earlier runs say about a plan: the gates that no person opens.
struct EarlierRuns {
    let store: any RunStore

    /// More than this many runs ago is long ago.
    private static let limit = 10_000

    /// Each gate of the plan, as it stands now.
    func findings(_ plan: Plan) throws -> [GateFinding] {
        let now = SystemClock.wallTime
        let promotions: [GateFinding] = try [plan.promote].compactMap(\.self).map { policy in
            .promotion(
                policy, of: plan.release, to: plan.environment, try verdict(policy, plan, now: now), now: now)
        }
        let rehearsals: [GateFinding] = try [plan.rehearsed].compactMap(\.self).map { policy in
            .rehearsal(policy, of: plan, try verdict(policy, plan, now: now), now: now)
        }
        return try promotions + rehearsals
            + [WindowGate(store: store).answer(plan, now: now)?.finding].compactMap(\.self)
    }

    /// Refuses with every gate that is closed.
    /// - Parameter bearsWindow: whether a closed window is to be borne: the run does not begin yet.
    func requireEverything(of plan: Plan, bearsWindow: Bool = false) throws {
        let closed = try findings(plan).filter {
            $0.standing == .refused && !(bearsWindow && $0.name == WindowWords.gate)
        }
        guard !closed.isEmpty else { return }
        throw CommandFailure(
            .refused, "\(plan.environment) is not open to it: " + closed.map(\.reason).joined(separator: "\n"),
            hint: closed.compactMap(\.hint).joined(separator: "\n"))
    }

    private func verdict(_ policy: PromotionPolicy, _ plan: Plan, now: Instant) throws -> PromotionVerdict {
        let records = try store.runs(matching: nil, environment: policy.from, limit: Self.limit)
            .filter { $0.created.pipeline == plan.pipeline }
        let runs = records.map { record in
            EarlierRun(
                run: record.created.run, commit: record.created.release.commit, dryRun: record.created.dryRun,
                isRehearsal: record.created.isRehearsal, outcome: record.summary.outcome,
                finishedAt: record.summary.finishedAt)
        }
        return try policy.verdict(on: plan.release.commit, now: now, runs: runs) { run in
            guard let record = records.first(where: { $0.created.run == run.run }) else { return true }
            return try RunReading(record, in: store).state.hasChangedAnything
        }
    }

    private func verdict(_ policy: RehearsalPolicy, _ plan: Plan, now: Instant) throws -> RehearsalVerdict {
        let records = try policy.environments.flatMap { environment in
            try store.runs(matching: nil, environment: environment, limit: Self.limit)
        }.filter { $0.created.pipeline == plan.pipeline && $0.created.isRehearsal }
        let byRun = Dictionary(records.map { ($0.created.run, $0) }, uniquingKeysWith: { first, _ in first })
        let newestFirst = records.sorted { $0.startedAt > $1.startedAt }.map(\.created.run)
        return try policy.verdict(now: now, newestFirst) { run in
            let record = byRun[run]!
            return EarlierRehearsal(
                run: run, environment: record.created.environment, try RunReading(record, in: store).state)
        }
    }
}
