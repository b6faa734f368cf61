import FoundationEssentials
public import ShipitCore
import ShipitEngine
import ShipitProbes
import Synchronization

@testable import ShipitActions

/// What outlives a crash of the engine: how commands ended, and which steps have their result in the journal.
final class World: Sendable {
    struct Memory {
        var ends: [String: CommandEnd] = [:]
        var outputs: [String: CommandOutput] = [:]
        var steps: [String: String] = [:]
        var notes: [String] = []
        /// Every command that was really started, by its key.
        var started: [String] = []
        /// In the order in which they were asked for, by attempt.
        var askedSteps: [String] = []
        var crash: Crash?
        /// Moments at which the engine may die, since they are counted; and after how many of them it does.
        var marks = 0
        var cut: Int?
        var wasCut = false
    }

    /// Where the engine is to die, once.
    enum Crash: Equatable {
        /// The step is known to have begun; its body has not run.
        case before(String)
        /// The body has run; its result has not reached the journal.
        case unrecorded(String)
        /// The result is in the journal.
        case after(String)
    }

    let memory = Mutex(Memory())
    let folder: String

    init(_ folder: String) { self.folder = folder }

    func crash(_ place: Crash) { memory.withLock { $0.crash = place } }
    var notes: [String] { memory.withLock { $0.notes } }
    var started: [String] { memory.withLock { $0.started } }
    var askedSteps: [String] { memory.withLock { $0.askedSteps } }

    /// From now on the engine dies once it has passed so many marks; `nil`: it lives. What it knew of before is lost, as after a
    /// power cut.
    func count(marksUntil cut: Int?) {
        memory.withLock { memory in
            (memory.marks, memory.cut, memory.wasCut) = (0, cut, false)
            (memory.ends, memory.steps) = ([:], [:])
        }
    }

    var marks: (marks: Int, wasCut: Bool) { memory.withLock { ($0.marks, $0.wasCut) } }

    /// A moment at which the engine may die. One that is dead does nothing more.
    fileprivate func passMark() throws(ActionError) {
        let isDead = memory.withLock { memory in
            if memory.marks == memory.cut { memory.wasCut = true }
            if !memory.wasCut { memory.marks += 1 }
            return memory.wasCut
        }
        if isDead { throw .stopped("crash") }
    }

    fileprivate func dies(at place: Crash) -> Bool {
        memory.withLock { memory in
            guard memory.crash == place else { return false }
            memory.crash = nil
            return true
        }
    }
}

/// The services of one attempt: real commands, real time, steps kept in the world's memory.
struct TestServices: ActionServices {
    let world: World
    let run: RunID
    let attempt: AttemptID

    var now: Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    func sleep(_ span: TimeSpan) async throws(ActionError) {
        do { try await Task.sleep(for: .milliseconds(span.milliseconds)) } catch { throw .cancelled }
    }

    func command(_ request: CommandRequest, step: String?) async throws(ActionError) -> CommandEnd {
        let key = CommandKey(run: run, attempt: attempt, step: step).text
        if let end = world.memory.withLock({ $0.ends[key] }) { return end }
        try world.passMark()
        world.memory.withLock { $0.started.append(key) }
        let (end, output) = await RealCommand.run(request, logs: world.folder + "/logs")
        world.memory.withLock { memory in
            memory.ends[key] = end
            memory.outputs[key] = output
        }
        try world.passMark()
        return end
    }

    func endCommand(step: String?) async throws(ActionError) {}

    func output(step: String?, limit: Int) async throws(ActionError) -> CommandOutput {
        let key = CommandKey(run: run, attempt: attempt, step: step).text
        var output = world.memory.withLock { $0.outputs[key] } ?? CommandOutput()
        output.truncated = max(output.standardOutput.count, output.standardError.count) > 2 * limit
        return output
    }

    func step(
        _ name: String, _ body: @Sendable () async throws(ActionError) -> String
    ) async throws(ActionError) -> String {
        let key = CommandKey(run: run, attempt: attempt, step: name).text
        world.memory.withLock { $0.askedSteps.append(name) }
        if let result = world.memory.withLock({ $0.steps[key] }) { return result }
        if world.dies(at: .before(name)) { throw .stopped("crash") }
        let result = try await body()
        if world.dies(at: .unrecorded(name)) { throw .stopped("crash") }
        world.memory.withLock { $0.steps[key] = result }
        if world.dies(at: .after(name)) { throw .stopped("crash") }
        try world.passMark()
        return result
    }

    func note(_ text: String) { world.memory.withLock { $0.notes.append(text) } }

    func measure(_ probe: String, _ request: ResolvedProbe) async -> Measurement {
        guard let asked = BuiltinProbes.all().first(where: { $0.description.name == probe }) else {
            return Measurement(.noAnswer("no probe is called \(probe)"))
        }
        return await asked.measure(request)
    }
}

/// A folder with a world in it, and contexts for actions that run there.
struct Scene {
    let root: String
    let world: World

    static func with<Value>(_ body: (Scene) async throws -> Value) async throws -> Value {
        let path = FileManager.default.temporaryDirectory.path + "/shipit-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path + "/logs", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(Scene(root: path, world: World(path)))
    }

    func path(_ relative: String) -> String { root + "/" + relative }

    func write(_ relative: String, _ text: String, executable: Bool = false) throws {
        let folder = URL(filePath: path(relative)).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try text.write(toFile: path(relative), atomically: false, encoding: .utf8)
        if executable {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path(relative))
        }
    }

    func text(_ relative: String) -> String? { try? String(contentsOfFile: path(relative), encoding: .utf8) }

    func names(_ relative: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path(relative))) ?? []).sorted()
    }

    func context(
        _ inputs: [String: InputValue], stage: StageName = "stage", part: Part = .perform, number: Int = 1,
        version: String = "2.0.0", previous: String? = nil, vars: [String: String] = [:],
        suites: [String: [Check]] = [:], tree: String? = nil, outputs: [String: String] = [:],
        variables: [String: String] = [:], secrets: [String] = []
    ) throws -> ActionContext {
        let attempt = AttemptID(stage: stage, part: part, number: number)
        let scratch = path("run/work/\(stage)/\(part == .perform ? "" : "\(part.rawValue)-")\(number)")
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        let release = ReleaseFacts(release: Self.release(version), tree: tree)
        let before = previous.map { ReleaseFacts(release: Self.release($0)) }
        let target = part == .undo ? before : release
        var seen = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        seen["SHIPIT_OUTPUT"] = scratch + "/output"
        seen["SHIPIT_TARGET_VERSION"] = target?.release.version ?? ""
        let services = TestServices(world: world, run: "run-1", attempt: attempt)
        return ActionContext(
            run: "run-1", attempt: attempt, environment: "test", release: release, previous: before, target: target,
            vars: vars, suites: suites, root: root, workdir: root, scratch: scratch, inputs: ActionInputs(inputs),
            outputs: outputs, variables: seen.merging(variables) { $1 }, secretValues: secrets,
            deadline: services.now + .minutes(1), services: services)
    }

    private static func release(_ version: String) -> Release {
        Release(tag: "v\(version)", version: version, commit: String(repeating: "c", count: 40), tagObject: "t")
    }
}

extension InputValue: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) {
        guard let template = try? Template(parsing: text) else { preconditionFailure("no template: \(text)") }
        self = .text(template)
    }
}

/// The error that `body` ended with; `nil` when it ended well.
func error(_ body: () async throws(ActionError) -> Void) async -> ActionError? {
    do throws(ActionError) {
        try await body()
        return nil
    } catch {
        return error
    }
}
