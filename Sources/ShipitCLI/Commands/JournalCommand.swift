import ArgumentParser
import ShipitCore
import ShipitEngine

struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Print every event of a run, as it was recorded.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: StreamOptions

    @Argument(help: RunArgument.help)
    var runName = "latest"

    func run() throws {
        let store = try Wiring.storeForReading(try place.place().stateFolder())
        let choice = RunChoice(store: store, environment: target.env, pipeline: target.pipeline)
        let record = try choice.run(runName, dryRuns: true)
        do {
            show(try store.entries(of: record.created.run, after: 0))
        } catch StoreError.damaged(let run, let lastGood, let reason) {
            show(try store.goodEntries(of: run, through: lastGood))
            throw CommandFailure(
                .machine, "the journal of \(run) is damaged after event \(lastGood): \(reason)",
                hint: "what is whole is shown; nothing was repaired or deleted\nexamine all with: shipit audit verify")
        }
    }

    private func show(_ entries: [JournalEntry]) {
        switch output.output {
        case .text: Streams().result(JournalText.text(entries))
        case .json: Streams().result(JournalJSON.array(entries))
        case .jsonl: Streams().result(JournalJSON.lines(entries))
        }
    }
}
