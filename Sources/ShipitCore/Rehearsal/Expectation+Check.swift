extension PipelineTest {
    /// Where a run was not as expected. A length of time is given in words of its own.
    public struct Mismatch: Hashable, Sendable {
        public enum Value: Hashable, Sendable {
            case word(String)
            case stages([StageName])
            case span(TimeSpan)
        }

        /// The key under `expect`.
        public var key: String
        public var expected: Value
        public var actual: Value
    }

    public func rehearse(_ plan: Plan, jobs: Int) -> RehearsedRun {
        Rehearsal.play(plan, given, pace: .each(Self.usualLength), jobs: jobs)
    }

    public func mismatches(_ run: RehearsedRun) -> [Mismatch] { expect.mismatches(run) }
}

extension PipelineTest.Expectation {
    typealias Mismatch = PipelineTest.Mismatch

    fileprivate func mismatches(_ run: RehearsedRun) -> [Mismatch] {
        var found: [Mismatch] = []
        func compare(_ key: String, _ expected: Mismatch.Value?, _ actual: Mismatch.Value) {
            if let expected, expected != actual { found.append(Mismatch(key: key, expected: expected, actual: actual)) }
        }
        compare("outcome", outcome.map(Mismatch.Value.word), .word(Self.outcome(of: run)))
        compare("exit", exit.map { .word(String($0)) }, .word(String(run.exitCode)))
        if let undone {
            let actual = actuallyUndone(run, listed: undone)
            compare("undone", .stages(undone), .stages(actual))
        }
        if let ran {
            compare("ran", .stages(ran), .stages(ran.filter { hasStarted($0, run) == true }))
        }
        if let skipped {
            compare("skipped", .stages(skipped), .stages(skipped.filter { hasStarted($0, run) == false }))
        }
        if let pausedAt {
            let actual = run.pausedAt.map { named($0, run, among: [pausedAt]) }
            compare("paused-at", .stages([pausedAt]), .stages(actual.map { [$0] } ?? []))
        }
        if let within, run.duration > within {
            found.append(Mismatch(key: "within", expected: .span(within), actual: .span(run.duration)))
        }
        return found
    }

    private static func outcome(of run: RehearsedRun) -> String {
        if let outcome = run.state.outcome { return outcome.rawValue }
        return run.isCut ? "no end" : run.state.phase == .paused ? "paused" : "no outcome"
    }

    /// What was undone by doing something, and what else of it is listed; a group that is listed stands for its stages.
    private func actuallyUndone(_ run: RehearsedRun, listed: [StageName]) -> [StageName] {
        var names: [StageName] = []
        for stage in run.undone {
            let name = named(stage, run, among: listed)
            if run.isUndoneByDoing(stage) || listed.contains(name), names.last != name { names.append(name) }
        }
        return names
    }

    private func named(_ stage: StageName, _ run: RehearsedRun, among listed: [StageName]) -> StageName {
        guard !listed.contains(stage), let group = run.state.planned(stage)?.group.map({ StageName($0) }),
            listed.contains(group)
        else { return stage }
        return group
    }

    /// `nil` where the plan has no such stage, or where some of a group have started and others have not.
    private func hasStarted(_ name: StageName, _ run: RehearsedRun) -> Bool? {
        let started = Set(run.state.members(name).map { run.state.stages[$0].perform.startedAt != nil })
        return started.count == 1 ? started.first : nil
    }
}
