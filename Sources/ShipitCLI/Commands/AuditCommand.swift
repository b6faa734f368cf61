import ArgumentParser
import ShipitCore
import ShipitEngine
import ShipitStore

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Prove that the journal is as it was written, and keep the proof elsewhere.",
        subcommands: [AuditVerifyCommand.self, AuditExportCommand.self])

    func run() throws {
        throw CommandFailure(.usage, "audit: verify or export is expected", hint: "see: shipit audit --help")
    }
}

struct AuditVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Find every changed, missing or reordered event.",
        discussion: """
            Goes over the database file and every run's chain of hashes, and writes nothing. What was cut off the end of a run, or \
            brought back from a backup, shows beside an earlier export alone: --against FILE compares their hashes (whether the export \
            itself was edited, docs/journal.md says how to tell). Exit code 1 where something is wrong.
            """)

    @OptionGroup var place: PlaceOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("An earlier export: every hash in it must still be there.", valueName: "file"))
    var against: String?

    @Argument(help: ArgumentHelp("One run alone; default: the file and all runs.", valueName: "run"))
    var runName: String?

    func run() throws {
        let place = try place.place()
        let folder = try place.stateFolder()
        let store = try Wiring.storeForAudit(folder)
        let runs = try AuditedRuns(store).named(runName)
        var report = AuditReport(runs: try runs.map { try store.audit(of: $0) })
        if runName == nil { report.file = try store.fileTroubles(after: report.runs) }
        if let against {
            let baseline = AuditBaseline(path: place.path(against), only: runName == nil ? nil : runs.first)
            report.baseline = try baseline.compare(with: store)
        }
        switch output.output {
        case .text: Streams().result(report.text)
        case .json: Streams().result(report.json.pretty + "\n")
        }
        if let failure = report.failure(stateFolder: folder) { throw failure }
    }
}

struct AuditExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the journal with its hashes, a JSON object a line.",
        discussion: """
            Kept where nobody who can write the state folder can, it proves later with `audit verify --against FILE` that nothing was \
            changed or cut off. The file can be verified by itself, too: docs/journal.md says how.
            """)

    @OptionGroup var place: PlaceOptions

    @Option(help: ArgumentHelp("The form of the result: jsonl.", valueName: "form"))
    var output: ExportForm = .jsonl

    @Flag(help: "A line a run with its last hash, without the events: enough to compare with.")
    var heads = false

    @Argument(help: ArgumentHelp("One run alone; default: all.", valueName: "run"))
    var runName: String?

    func run() throws {
        let store = try Wiring.storeForAudit(try place.place().stateFolder())
        let streams = Streams()
        var firstFailure: CommandFailure?
        for run in try AuditedRuns(store).named(runName) {
            do {
                let event: ((StoredEvent) -> Void)? =
                    heads ? nil : { streams.result(ExportLine.event($0, of: run).compact + "\n") }
                try store.export(
                    run, run: { streams.result(ExportLine.run($0, whole: !heads).compact + "\n") }, event: event)
            } catch {
                // What is good of the others is worth having all the same.
                let failure = ErrorText.failure(error)
                if firstFailure != nil { streams.progress(failure.text) }
                firstFailure = firstFailure ?? failure
            }
        }
        if let firstFailure { throw firstFailure }
    }
}

enum ExportForm: String, ExpressibleByArgument, CaseIterable {
    case jsonl
}

/// Which run an examination means. The rows themselves may be damaged, so nothing but their ids is asked for.
private struct AuditedRuns {
    let store: SQLiteStore

    init(_ store: SQLiteStore) { self.store = store }

    /// Oldest first; all where none is named.
    func named(_ name: String?) throws -> [RunID] {
        let runs = try store.recordedRuns()
        guard let name else { return runs }
        if name == "latest", let latest = runs.last { return [latest] }
        if runs.contains(RunID(name)) { return [RunID(name)] }
        let matches = runs.filter { !name.isEmpty && $0.text.hasPrefix(name) }
        guard let match = matches.first else {
            throw CommandFailure(.usage, "there is no run \"\(name)\"", hint: "see: shipit runs")
        }
        guard matches.count == 1 else {
            throw CommandFailure(
                .usage, "several runs begin with \"\(name)\":\n  " + matches.map(\.text).joined(separator: "\n  "),
                hint: "give more of the id")
        }
        return [match]
    }
}
