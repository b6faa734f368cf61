import Foundation
import ShipitCore
import ShipitEngine
import ShipitProcesses
import SupervisorProtocol
import Testing

/// Trees of processes that do not want to end, made up from a seed. `make hygiene` runs a thousand of each.
@Suite("Hostile trees", .serialized, .timeLimit(.minutes(30)))
struct HostileTreeTests {
    private static let variables = ProcessInfo.processInfo.environment
    private static let trees = Int(variables["SHIPIT_HOSTILE_TREES"] ?? "") ?? 32
    private static let seed = UInt64(variables["SHIPIT_HOSTILE_SEED"] ?? "") ?? 1
    private static let timeout = TimeSpan.milliseconds(1500)
    private static let grace = TimeSpan.milliseconds(100)
    /// How long it may take, in seconds: its time and the grace, or, once it has exited, the five seconds for which what
    /// it left may go on talking; then a second, and two more for a machine that is busy.
    private static func patience(for ending: HostileTree.Ending) -> Double {
        switch ending {
        case .endless, .stopped: 1.5 + 0.1 + 1 + 2
        case .success, .failure, .killed: 1.5 + 5 + 0.1 + 1 + 2
        }
    }

    private struct Trial: Sendable {
        var number: Int
        var processes = 0
        var survivors: [String] = []
        var isEndRight = true
        var isLate = false
        var seconds = 0.0
        /// For whoever has to find out why.
        var story = ""
    }

    @Test(.needsControlGroups)
    func `none of a hostile tree survives in its control group, whatever runs beside it`() async throws {
        let fixture = try SupervisorFixture()
        let processes = fixture.processes()
        let trials = try await Self.trials { number in
            try await Self.trial(number, fixture, processes)
        }
        // Everything that was ever started is below the supervisor, and nothing is there any more.
        let supervisor = try #require(fixture.supervisorPID())
        #expect(Self.descendants(of: supervisor) == [])
        try await processes.finish()
        let left = try fixture.ledger().groups.filter { FileManager.default.fileExists(atPath: $0) }
        #expect(left == [])
        Self.judge(trials, "control groups, four at once under one supervisor")
    }

    @Test func `none of a hostile tree survives the sweep`() async throws {
        let trials = try await Self.trials { number in
            let fixture = try SupervisorFixture()
            let processes = fixture.processes(supervisorPath: try fixture.sweepingSupervisor())
            var trial = try await Self.trial(number, fixture, processes)
            if let supervisor = fixture.supervisorPID() { trial.survivors += Self.descendants(of: supervisor) }
            try await processes.finish()
            return trial
        }
        Self.judge(trials, "sweep, a supervisor each")
    }

    private static func trials(_ body: @escaping @Sendable (Int) async throws -> Trial) async throws -> [Trial] {
        try await withThrowingTaskGroup(of: Trial.self) { group in
            var trials: [Trial] = []
            for number in 0..<trees {
                if number >= 4, let trial = try await group.next() { trials.append(trial) }
                group.addTask { try await body(number) }
            }
            for try await trial in group { trials.append(trial) }
            return trials
        }
    }

    private static func trial(
        _ number: Int, _ fixture: SupervisorFixture, _ processes: LocalProcesses
    ) async throws -> Trial {
        let actors = fixture.work + "/actors.sh"
        if !FileManager.default.fileExists(atPath: actors) {
            try HostileTree.actors.write(toFile: actors, atomically: true, encoding: .utf8)
        }
        let pids = fixture.work + "/pids-\(number)"
        let tree = HostileTree(seed: seed &* 1_000_003 &+ UInt64(number), actors: actors, pids: pids)
        let key = CommandKey("hostile/\(number)")
        var request = fixture.script(tree.script, key: key.text)
        request.timeout = timeout
        request.killAfter = grace
        let begin = ContinuousClock.now
        let end = try await processes.run(key, request)
        var trial = Trial(number: number)
        trial.seconds = (ContinuousClock.now - begin) / .seconds(1)
        let started = try String(contentsOfFile: pids, encoding: .utf8).split(separator: "\n").map(String.init)
        trial.processes = started.count
        trial.survivors = started.filter(isAlive(recordedAs:))
        let output = try await processes.output(of: key, limit: 100).out
        // A machine that is busy may not bring the tree up in its time.
        let isComplete = output.hasPrefix("ready\n") || output.contains("\nready\n")
        trial.isLate = trial.seconds > patience(for: tree.ending) + (isComplete ? 0 : 5)
        trial.story = "\(end) after \(trial.seconds) s\n\(tree.script)\n" + words(fixture)
        trial.isEndRight = !isComplete || isRight(end, for: tree.ending)
        return trial
    }

    /// What the supervisor has to say of it, and how many there were.
    private static func words(_ fixture: SupervisorFixture) -> String {
        ["commands.ledger", "supervisor.err"].map { name in
            (try? String(contentsOfFile: "\(fixture.folder)/\(name)", encoding: .utf8)) ?? ""
        }.joined()
    }

    private static func isRight(_ end: CommandEnd, for ending: HostileTree.Ending) -> Bool {
        switch ending {
        case .endless, .stopped: end == .timedOut
        case .success: end == .exited(0)
        case .failure: end == .exited(3)
        case .killed: end == .signalled(9)
        }
    }

    /// Whether the process that this line of `/proc/PID/stat` was written by is there still.
    private static func isAlive(recordedAs line: String) -> Bool {
        guard let pid = line.split(separator: " ").first.flatMap({ Int32($0) }), SupervisorFixture.isAlive(pid),
            let now = FileManager.default.contents(atPath: "/proc/\(pid)/stat")
        else { return false }
        return startTime(line) == startTime(String(decoding: now, as: UTF8.self))
    }

    private static func startTime(_ line: String) -> Substring? {
        let fields = line[(line.lastIndex(of: ")") ?? line.startIndex)...].split(separator: " ")
        return fields.count > 20 ? fields[20] : nil
    }

    private static func descendants(of root: Int32) -> [String] {
        var parents: [Int32: Int32] = [:]
        for pid in SupervisorFixture.pids() where SupervisorFixture.isAlive(pid) {
            guard let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { continue }
            let line = String(decoding: stat, as: UTF8.self)
            let fields = line[(line.lastIndex(of: ")") ?? line.startIndex)...].split(separator: " ")
            if fields.count > 2, let parent = Int32(fields[2]) { parents[pid] = parent }
        }
        var below: [String] = []
        for pid in parents.keys {
            var ancestor = parents[pid]
            while let known = ancestor, known != root { ancestor = parents[known] }
            if ancestor == root { below.append("pid \(pid)") }
        }
        return below
    }

    private static func judge(_ trials: [Trial], _ how: String) {
        let processes = trials.reduce(0) { $0 + $1.processes }
        let survivors = trials.flatMap(\.survivors)
        let slowest = trials.map(\.seconds).max() ?? 0
        print(
            "\(how): \(trials.count) trees, \(processes) processes on record, \(survivors.count) survivors, "
                + "\(trials.count(where: \.isLate)) late, slowest \(String(format: "%.2f", slowest)) s, seed \(seed)")
        for trial in trials {
            #expect(trial.survivors == [], "tree \(trial.number), seed \(seed): \(trial.story)")
            #expect(trial.isEndRight, "the end of tree \(trial.number), seed \(seed): \(trial.story)")
            #expect(!trial.isLate, "tree \(trial.number) took \(trial.seconds) s, seed \(seed)")
        }
    }
}
