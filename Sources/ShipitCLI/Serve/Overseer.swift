import ServiceLifecycle
import ShipitCore
import ShipitEngine

/// Sees to it that the runs which schedules have begun get to their end: one whose engine died, or was ended with the machine,
/// is resumed. Runs that people have begun, and what waits for people, are theirs.
final class Overseer: Service {
    private let project: Project
    private let firings: any FiringStore
    private let store: any RunStore
    private let counts: ServeCounts
    private let log = ServeLog()
    private let bootID: String

    private static let beat = TimeSpan.seconds(2)
    /// How long after one attempt the next may come; there is none after the last.
    private static let patience = [TimeSpan.zero, .seconds(30), .seconds(120), .seconds(600), .seconds(1800)]
    private static let remembered = 200

    init(_ project: Project, counts: ServeCounts) throws {
        self.project = project
        self.counts = counts
        firings = try Wiring.firings(project.stateFolder)
        store = try Wiring.storeForReading(project.stateFolder)
        bootID = try Wiring.thisProcess().bootID
    }

    private struct Effort {
        var count = 0
        var last: Instant?
        var child: OwnProcess?
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let clock = SystemClock()
            var efforts: [RunID: Effort] = [:]
            while !Task.isCancelled {
                do {
                    for run in try self.orphans() { self.resume(run, &efforts[run, default: Effort()], now: clock.now) }
                } catch {
                    self.log.say("the runs cannot be looked at: \(ErrorText.failure(error).message)")
                }
                for (run, effort) in efforts {
                    guard let child = effort.child, let code = child.ending() else { continue }
                    efforts[run]?.child = nil
                    self.log.say("run \(run) was resumed: exit \(code)")
                }
                // Who is cancelled meanwhile has nothing more to do.
                do { try await clock.sleep(Self.beat) } catch { return }
            }
        }
    }

    /// Runs of schedules that nobody drives, though nobody has stopped them.
    private func orphans() throws -> [RunID] {
        let runs = try firings.firings(of: nil, limit: Self.remembered).compactMap(\.run)
        let open = try runs.compactMap { try store.run($0) }
            .filter { $0.summary.outcome == nil && !$0.created.dryRun }
        let undriven = try RunReading.undriven(open, in: store)
        return try open.filter { undriven.contains($0.created.run) }.filter { record in
            switch record.summary.state {
            case .running, .monitoring, .rollingBack: true
            // Somebody ended the engine: the machine itself, or a person who wants it to rest.
            case .interrupted: try RunReading(record, in: store).state.holder.map { $0.bootID != bootID } ?? false
            case .waiting, .paused, .finished: false
            }
        }.map(\.created.run)
    }

    private func resume(_ run: RunID, _ effort: inout Effort, now: Instant) {
        guard effort.child == nil, effort.count < Self.patience.count else { return }
        if let last = effort.last, now - last < Self.patience[effort.count] { return }
        effort.count += 1
        effort.last = now
        let log = Project.runFolder(of: run, in: project.stateFolder) + "/" + Detachment.logName
        do throws(CommandFailure) {
            effort.child = try OwnProcess.start(
                ["resume", "-C", project.root, "--state", project.stateFolder, run.text], name: "run \(run)", log: log,
                sharing: Sharing(of: project.stateFolder))
            counts.update { $0.resumed += 1 }
            self.log.say("run \(run) has no engine any more: resumed")
        } catch {
            self.log.say("run \(run) cannot be resumed: \(error.message)")
        }
        if effort.count == Self.patience.count {
            self.log.say("run \(run) is left alone from here on; see: shipit status \(run)")
        }
    }
}
