import ArgumentParser
import ShipitCore
import ShipitEngine

struct AttachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Follow a run that another process drives, to its end.",
        discussion: "Ends with the run's own exit code. Ctrl-C only leaves; the run goes on.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: StreamOptions

    @Argument(help: RunArgument.help)
    var runName = "latest"

    func run() async throws {
        let folder = try place.place().stateFolder()
        let store = try Wiring.storeForReading(folder)
        let choice = RunChoice(store: store, environment: target.env, pipeline: target.pipeline)
        let record = try choice.run(runName, dryRuns: false)
        try RunEnd.leaveRun(
            with: try await Attachment(store: store, stateFolder: folder, form: output.output).follow(record))
    }
}

/// Following a run from outside: it is read, never touched.
struct Attachment {
    let store: any RunStore
    let stateFolder: String
    let form: StreamForm

    private static let beat = TimeSpan.milliseconds(200)

    /// - Returns: the run's exit code; 6 where it stands still, or the person leaves.
    func follow(_ record: RunRecord) async throws -> Int32 {
        let run = record.created.run
        let clock = SystemClock()
        let interrupts = try Interrupts(clock: clock)
        var reading = try RunReading(record, in: store)
        let output = RunOutput(run: run, plan: reading.state.plan, folder: Project.runFolder(of: run, in: stateFolder))
        let progress = ProgressChoice.make(jsonLines: form == .jsonl)
        var watched = WatchedRules()
        _ = try watched.readOn(reading.state, of: run, in: store)
        progress.took(
            try store.entries(of: run, after: 0), state: reading.state, rules: watched.rules(at: clock.now),
            now: clock.now)
        let beat = ProgressBeat(progress, output: output, clock: clock)
        beat.start()
        do {
            while !interrupts.hasCome, try goesOn(&reading) {
                try await clock.sleep(Self.beat)
                let entries = try reading.readOn(in: store)
                let hasMeasured = try watched.readOn(reading.state, of: run, in: store)
                guard !entries.isEmpty || hasMeasured else { continue }
                progress.took(entries, state: reading.state, rules: watched.rules(at: clock.now), now: clock.now)
            }
        } catch {
            beat.stop()
            throw error
        }
        beat.stop()
        if interrupts.hasCome, reading.state.outcome == nil, reading.isHeld {
            Streams().progress("left: run \(run) goes on; shipit attach \(run) looks again\n")
            return 6
        }
        try reading.readOn(in: store)
        guard let ended = try store.run(run) else {
            throw CommandFailure(.machine, "run \(run) is gone from the journal")
        }
        reading.record = ended
        EndWords(form, Streams()).say(reading.view, output: output)
        return ShipitCore.ExitCode.of(reading.state)
    }

    /// Whether somebody drives it, or people are waited for who may yet sign.
    private func goesOn(_ reading: inout RunReading) throws -> Bool {
        if reading.state.outcome != nil { return false }
        try reading.lookAtLock(in: store)
        return reading.isHeld || reading.state.phase == .waiting
    }
}
