import Foundation
import ShipitCore
import ShipitEngine
import Synchronization

@testable import Simulator

/// A run from one seed with the real `Launcher`, `Conductor` and `AttemptRunner` on their own threads, over a journal and a
/// supervisor that fail. What threads do no seed replays; what must never be is the same.
struct ConductorSimulation: Sendable {
    static let run: RunID = "20260101-0000-test"
    let world: SharedWorld
    let clock = SteadyClock()
    private let folder: String
    private let seed: UInt64

    init(seed: UInt64) throws {
        self.seed = seed
        var random = SplitMix64(seed: seed, for: "conductor")
        world = SharedWorld(seed: seed, plan: Self.plan(seed: seed), jobs: random.pick(1...4))
        folder = FileManager.default.temporaryDirectory.appending(path: "shipit-conductor-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// As any random plan, with milliseconds for seconds.
    private static func plan(seed: UInt64) -> Plan {
        var plan = RandomPlan.make(seed: seed)
        // A run that waits for people has no conductor.
        plan.approvals = nil
        // Its clock is the machine's, and nobody is there to sign: stages that wait do so for a moment.
        for place in plan.stages.indices where plan.stages[place].hold != nil {
            plan.stages[place].hold = .wait(.milliseconds(20))
        }
        func short(_ span: TimeSpan) -> TimeSpan { .milliseconds(span.milliseconds / 1000) }
        for index in plan.stages.indices {
            plan.stages[index].retry.delay = short(plan.stages[index].retry.delay)
            plan.stages[index].retry.maxDelay = plan.stages[index].retry.maxDelay.map(short)
            plan.stages[index].timeout = .seconds(10)
            plan.stages[index].deadline = nil
        }
        guard var monitor = plan.monitor else { return plan }
        monitor.duration = short(monitor.duration)
        monitor.window = short(monitor.window)
        // Shorter than an engine lives here.
        monitor.grace = .milliseconds(100)
        monitor.minSamples = min(monitor.minSamples, 2)
        monitor.baseline?.duration = .milliseconds(40)
        monitor.sources = MetricSource.names.map { name in
            MonitorSource(
                name: name, probe: ProbeRequest(probe: "http", subject: .text(Template(literal: name))),
                every: .milliseconds(5), timeout: .milliseconds(100))
        }
        plan.monitor = monitor
        return plan
    }

    // MARK: The course

    /// - Returns: what must never have been.
    func play() async throws -> [String] {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var random = SplitMix64(seed: seed, for: "course")
        var driving: [Task<Void, Never>] = []
        var engine: Engine? = start(acts: [])
        for _ in 0..<random.pick(1...4) {
            if engine == nil { engine = start(acts: random.once(in: 4) ? [act(&random)] : []) }
            guard let current = engine else { continue }
            let task = Task { await drive(current.conductor) }
            driving.append(task)
            engine = try await strike(current, task, &random)
        }
        world.state.withLock { state in
            state.fault = nil
            state.weather = .good
        }
        try await comeToAnEnd()
        for task in driving { await task.value }
        return verdict()
    }

    private struct Engine {
        var conductor: Conductor
        var process: EngineProcess
    }

    /// Something happens to the engine after a moment.
    /// - Returns: an engine that has taken the run over meanwhile.
    private func strike(
        _ engine: Engine, _ task: Task<Void, Never>, _ random: inout SplitMix64
    ) async throws -> Engine? {
        let fault = random.pick(SharedWorld.Fault.allCases)
        let after = random.pick(0...12)
        let moment = TimeSpan.milliseconds(Int64(random.pick(0...25)))
        switch random.pick(0...8) {
        case 0...3: world.state.withLock { $0.fault = (after, fault) }
        case 4:
            try await clock.sleep(moment)
            engine.process.kill()
            world.state.withLock { $0.count("killed") }
            // A dead process does nothing more; the next one need not wait until this one's threads have noticed.
            return start(acts: [])
        case 5:
            try await clock.sleep(moment)
            world.state.withLock { $0.count("overtaken") }
            return start(acts: random.once(in: 3) ? [act(&random)] : [])
        case 6:
            try await clock.sleep(moment)
            engine.conductor.ask(act(&random))
            engine.conductor.ask(act(&random))
        case 7:
            try await clock.sleep(moment)
            engine.conductor.interrupt()
            if random.once(in: 2) { engine.conductor.interrupt() }
        default:
            world.state.withLock { $0.weather = .errors }
            try await clock.sleep(moment)
            world.killSupervisor()
        }
        await task.value
        return nil
    }

    /// I10: faults off. The run ends, or says what it waits for; then a person answers.
    private func comeToAnEnd() async throws {
        for _ in 0..<60 {
            let state = world.folded
            if state.outcome != nil { return }
            var acts: [OperatorAct] = []
            if state.pausedReason != nil { acts = [answer(state)] }
            guard let engine = start(acts: acts) else { continue }
            await drive(engine.conductor)
        }
        world.state.withLock { $0.violations.append("I10: sixty times taken up, and no end") }
    }

    private func verdict() -> [String] {
        let folded = world.folded
        return world.state.withLock { state in
            let running = state.commands.filter { if case .running = $0.value { true } else { false } }.keys
            if let key = running.first { state.violations.append("I9: \(key) outlives the run") }
            state.watch { (state) throws(Violation) in
                try state.invariants.stops(folded, running: [])
                try state.invariants.isOver(folded, running: [])
            }
            return state.violations
        }
    }

    // MARK: Engines

    /// `nil` where something struck before it could begin.
    private func start(acts: [OperatorAct]) -> Engine? {
        let process = EngineProcess()
        let store = FaultyStore(world: world, process: process)
        let holder = Holder(host: "host", pid: 1, startTime: 1, bootID: "boot", user: "ana")
        let launcher = Launcher(store: store, clock: clock, holder: holder)
        func parts(_ epoch: Epoch) -> EngineParts {
            EngineParts(
                store: store,
                processes: ScriptedProcesses(world: world, process: process, epoch: epoch, clock: clock), clock: clock,
                actions: ["run", "checks", "rolling-restart", "notify"].map { ScriptedAction(name: $0, world: world) },
                probes: [ScriptedProbe(world: world, epoch: epoch)], runFolder: folder, jobs: world.jobs)
        }
        do {
            let conductor: Conductor
            if world.state.withLock({ $0.record == nil }) {
                conductor = try launcher.begin(newRun, observer: SilentObserver(), parts: parts)
            } else {
                conductor = try launcher.takeUp(Self.run, acts: acts, observer: SilentObserver()) { epoch, _ in
                    parts(epoch)
                }
            }
            return Engine(conductor: conductor, process: process)
        } catch {
            return nil
        }
    }

    private var newRun: NewRun {
        let plan = world.plan
        let created = RunCreated(
            run: Self.run, pipeline: plan.pipeline, environment: plan.environment, release: plan.release,
            planDigest: "sha256:0", startedBy: "ana")
        return NewRun(created: created, plan: plan, root: "/", file: "pipelines/deploy.yaml")
    }

    /// Errors are what the world throws at it; what they may have led to the invariants tell.
    private func drive(_ conductor: Conductor) async {
        do { _ = try await conductor.drive() } catch { world.state.withLock { $0.count("stopped") } }
    }

    // MARK: People

    private func act(_ random: inout SplitMix64) -> OperatorAct {
        let stage = random.pick(world.plan.stages).name
        return OperatorAct(random.pick([.cancel, .rollback, .skip(stage), .retry(stage)]), by: "ana")
    }

    private func answer(_ state: RunState) -> OperatorAct {
        var random = SplitMix64(seed: seed, for: "answer/\(state.acts.count)")
        for stage in world.plan.stages {
            let act = OperatorAct(.answer(stage.name, random.pick([.done, .failed, .rerun])), by: "ana")
            if state.refusal(of: act) == nil { return act }
        }
        for stage in world.plan.stages {
            let act = OperatorAct(random.pick([.retry(stage.name), .skip(stage.name), .rollback]), by: "ana")
            if state.refusal(of: act) == nil { return act }
        }
        return OperatorAct(.abandon, by: "ana", why: "nothing else helps")
    }
}
