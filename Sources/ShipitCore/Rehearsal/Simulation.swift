/// What would become of a plan's run if something went wrong, a case for each thing that can at each stage.
public struct Simulation: Sendable {
    public struct Case: Sendable {
        public var trouble: Trouble
        /// With every attempt as long as it may take.
        public var worst: RehearsedRun
        /// With the times of earlier runs; `nil` where they don't tell.
        public var usual: RehearsedRun?
    }

    public enum Trouble: Hashable, Sendable {
        case none
        /// The next attempt succeeds.
        case failsOnce(StageName)
        /// Every attempt fails.
        case fails(StageName)
        case timesOut(StageName)
        case engineDies(StageName)
        /// With what `verify` says, where it is asked.
        case machineDies(StageName, Script.Verification?)
        case breachAfter(StageName)
        /// The stage fails, and so does its undo.
        case undoFails(StageName)
        case finallyFails(StageName)
        /// The last stage that changes things fails, and once all is undone the release before is not well.
        case rollbackCheckFails(StageName)
        /// The source gives errors only, from when monitoring begins.
        case sourceFails(String)
        case sourceSilent(String)
        /// No source gives anything before the first change.
        case noBaseline
    }

    private let plan: Plan
    private let jobs: Int
    private let usual: [Script.StagePart: TimeSpan]

    public init(_ plan: Plan, jobs: Int, usual: [Script.StagePart: TimeSpan] = [:]) {
        self.plan = plan
        self.jobs = jobs
        self.usual = usual
    }

    public func cases() -> [Case] {
        var cases = [play(.none, Script())]
        for stage in plan.stages where !stage.skipped { cases += self.cases(of: stage) }
        cases += rollbackCheckCases()
        if let monitor = plan.monitor, monitor.baseline != nil {
            var script = Script()
            for source in monitor.sources { script.spells[source.name] = [.init(isBeforeChange: true, isSilent: true)] }
            cases.append(play(.noBaseline, script))
        }
        for source in plan.monitor?.sources ?? [] {
            cases.append(play(.sourceFails(source.name), script(source.name, .init(errorRate: 1))))
            cases.append(play(.sourceSilent(source.name), script(source.name, .init(isSilent: true))))
        }
        return cases
    }

    /// Of a stage that only waits: what people may do, and a death while it waits.
    private func cases(of stage: PlannedStage, holding hold: StageHold) -> [Case] {
        // Telling somebody changes nothing of the run, however it goes.
        if case .notify = hold { return [] }
        var cases: [Case] = []
        if case .approval = hold {
            cases.append(play(.fails(stage.name), script(stage, .init(then: .fails(exit: 1)))))
            cases.append(play(.timesOut(stage.name), script(stage, .init(then: .timesOut))))
        }
        cases.append(play(.engineDies(stage.name), script(stage, .init(first: [.engineDies]))))
        var breach = Script()
        breach.breachAfter = stage.name
        return cases + [play(.breachAfter(stage.name), breach)].filter(\.worst.hasBreached)
    }

    private func cases(of stage: PlannedStage) -> [Case] {
        if let hold = stage.hold { return cases(of: stage, holding: hold) }
        let name = stage.name
        var cases: [Case] = []
        if stage.retry.attempts > 1, stage.retry.covers(verdict: .failed, exit: .code(1)) {
            cases.append(play(.failsOnce(name), script(stage, .init(first: [.fails(exit: 1)]))))
        }
        let fails = Script.Course(then: .fails(exit: 1))
        cases.append(play(.fails(name), script(stage, fails)))
        cases.append(play(.timesOut(name), script(stage, .init(then: .timesOut))))
        cases.append(play(.engineDies(name), script(stage, .init(first: [.engineDies]))))
        for answer in stage.onInterrupt == .verify ? Script.Verification.allCases.map(Optional.some) : [nil] {
            var script = script(stage, .init(first: [.machineDies]))
            script.verifications[name] = answer
            cases.append(play(.machineDies(name, answer), script))
        }
        var breach = Script()
        breach.breachAfter = name
        cases += [play(.breachAfter(name), breach)].filter(\.worst.hasBreached)
        var undo = script(stage, fails)
        undo.courses[Script.StagePart(name, .undo)] = fails
        cases += [play(.undoFails(name), undo)].filter { $0.worst.state[name]?.undo.hasStarted == true }
        if stage.finally != nil { cases.append(play(.finallyFails(name), script(stage, fails, .finally))) }
        return cases
    }

    private func rollbackCheckCases() -> [Case] {
        guard let checked = plan.stages.first(where: { $0.rollbackCheck != nil }), let last = plan.lastChanges.first
        else { return [] }
        let fails = Script.Course(then: .fails(exit: 1))
        var script = script(plan.stages[last], fails)
        script.courses[Script.StagePart(checked.name, .rollbackCheck)] = fails
        return [play(.rollbackCheckFails(checked.name), script)].filter {
            $0.worst.state[checked.name]?.rollbackCheck.hasStarted == true
        }
    }

    private func script(_ stage: PlannedStage, _ course: Script.Course, _ part: Part = .perform) -> Script {
        var script = Script()
        script.courses[Script.StagePart(stage.name, part)] = course
        return script
    }

    private func script(_ source: String, _ spell: Script.Spell) -> Script {
        var script = Script()
        script.spells[source] = [spell]
        return script
    }

    private func play(_ trouble: Trouble, _ script: Script) -> Case {
        var usualRun: RehearsedRun?
        if !usual.isEmpty {
            let run = Rehearsal.play(plan, script, pace: .usual(usual), jobs: jobs)
            if run.isMeasured { usualRun = run }
        }
        return Case(
            trouble: trouble, worst: Rehearsal.play(plan, script, pace: .longest, jobs: jobs), usual: usualRun)
    }
}
