import ShipitCore
import ShipitEngine

/// Whether the windows of a plan's environment let it begin now.
struct WindowGate {
    let store: any RunStore
    var zones = Wiring.zones

    /// How the gate stands, and what follows from it.
    struct Answer {
        var finding: GateFinding
        /// When the run may begin; `nil` where that is never.
        var opens: Instant?
        /// What could not be judged.
        var warning: String?
    }

    /// `nil` for a plan that may begin at any time.
    func answer(_ plan: Plan, now: Instant) throws -> Answer? {
        guard let windows = plan.windows else { return nil }
        guard let zone = zones.rules(of: windows.zone) else {
            throw CommandFailure(
                .refused, "the windows of \(plan.environment) go by \(windows.zone), which this machine does not know",
                hint: "install the time zone data, or deploy from another machine")
        }
        let usual = windows.fit ? try usualRun(plan) : nil
        let standing = windows.standing(at: now, zone)
        let opens = windows.opening(from: now, holding: usual?.total ?? .zero, zone)
        var answer = Answer(
            finding: GateFinding(
                name: WindowWords.gate, standing: .passed, reason: WindowWords.open(standing, zone)), opens: opens)
        if !standing.isOpen || opens != now {
            answer.finding = closed(plan, standing, opens, usual, zone, now: now)
        } else if windows.fit {
            answer.warning = doubt(usual, standing, zone)
        }
        return answer
    }

    private func usualRun(_ plan: Plan) throws -> UsualRun? {
        let runs = try EarlierRuns(store: store).states(of: plan.pipeline, in: plan.environment)
        return UsualRun(of: plan, UsualDurations(runs))
    }

    private func closed(
        _ plan: Plan, _ standing: Windows.Standing, _ opens: Instant?, _ usual: UsualRun?, _ zone: ZoneRules,
        now: Instant
    ) -> GateFinding {
        var reason = WindowWords.closed(standing, in: plan.environment)
        if standing.isOpen, let usual, let end = standing.until {
            reason =
                "\(plan.environment) closes \(WindowWords.moment(end, zone)), in \(Words.elapsed(end - now)); the run usually "
                + "takes \(Words.duration(usual.forward)) and its rollback \(Words.duration(usual.back))"
        }
        let tag = ShellWord.quoted(SafeText.line(plan.release.tag))
        let wait = "wait for it with: shipit deploy \(tag) --env \(plan.environment) --wait"
        return GateFinding(
            name: WindowWords.gate, standing: .refused, reason: "\(reason); \(words(opens, usual, zone, now: now))",
            hint: opens == nil ? nil : wait)
    }

    private func words(_ opens: Instant?, _ usual: UsualRun?, _ zone: ZoneRules, now: Instant) -> String {
        if opens == nil, let usual { return "no window is as long as \(Words.duration(usual.total))" }
        return WindowWords.opens(opens, zone, now: now)
    }

    private func doubt(_ usual: UsualRun?, _ standing: Windows.Standing, _ zone: ZoneRules) -> String? {
        let end = standing.until.map { " before \(WindowWords.moment($0, zone))" } ?? ""
        guard let usual else {
            return "no earlier run tells how long this takes: nobody knows whether it fits in\(end)"
        }
        guard !usual.unknown.isEmpty else { return nil }
        return "no earlier run tells how long \(usual.unknown.map(\.text).joined(separator: ", ")) takes: "
            + "without that it fits in\(end)"
    }
}

extension WindowGate {
    /// Of a run that has begun: going on is better than staying half-way, unless nothing has changed yet.
    /// - Returns: what the person should know.
    func checkResuming(_ state: RunState, _ record: RunRecord, now: Instant) throws -> String? {
        guard let windows = state.plan.windows, state.rollbackReason == nil, state.monitoringStartedAt == nil,
            let zone = zones.rules(of: windows.zone)
        else { return nil }
        let standing = windows.standing(at: now, zone)
        if standing.isOpen { return nil }
        let run = record.created.run
        let closed = WindowWords.closed(standing, in: record.created.environment)
        let opens = WindowWords.opens(standing.until, zone, now: now)
        guard state.hasChangedAnything else {
            throw CommandFailure(
                .refused, "\(closed), and run \(run) has changed nothing yet; \(opens)",
                hint: "resume it then, or end it with: shipit cancel \(run)")
        }
        return
            "\(closed); the run goes on because it is half-way; \(TypedPlace.complete("shipit rollback \(run)")) undoes it"
    }
}
