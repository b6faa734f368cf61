import ArgumentParser
import ShipitCore
import ShipitEngine
import ShipitImport
import ShipitStore

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "The record of a run; without RUN, the pipeline's checks as a checklist.",
        discussion: """
            Release, people, times, every attempt, what was checked and found, sign-offs, breaches, what is undone and what is \
            not, and the last hash of the journal. html is one file that needs no other. Without RUN it reads the pipeline alone \
            and writes the checklist that it was imported from.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case markdown, html, json, junit
    }

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions

    @Option(help: ArgumentHelp("The form of the record: markdown, html, json or junit.", valueName: "form"))
    var format: Format = .markdown

    @Argument(help: RunArgument.help)
    var runName: String?

    func run() throws {
        guard let runName else { return try checklist() }
        let folder = try place.place().stateFolder()
        let store = try Wiring.storeForReading(folder)
        let choice = RunChoice(store: store, environment: target.env, pipeline: target.pipeline)
        let report = try RunReport.read(try choice.run(runName, dryRuns: true), in: store, stateFolder: folder)
        let text =
            switch format {
            case .markdown: ReportMarkdown.text(report)
            case .html: ReportHTML.text(report)
            case .json: ReportJSON.text(report)
            case .junit: ReportJUnit.text(report)
            }
        Streams().result(text)
    }

    private func checklist() throws {
        guard format == .markdown else {
            throw CommandFailure(
                .usage, "without a RUN there is a checklist alone, and that is markdown",
                hint: "name the run, as in: shipit report latest --format \(format.rawValue)")
        }
        let streams = Streams()
        let file = try PipelineFile.load(target.pipeline, of: try place.place().project(), says: streams)
        streams.result(
            ChecklistText.markdown(of: file.pipeline).split(separator: "\n", omittingEmptySubsequences: false)
                .map { SafeText.line(String($0)) }.joined(separator: "\n"))
    }
}

extension RunReport {
    /// How many last lines of an attempt that did not succeed are shown, and of how many such attempts.
    private static let lastLines = 20
    private static let lastAttempts = 20

    /// The run as its journal, its log and the words of its actions tell it.
    static func read(_ record: RunRecord, in store: any RunStore, stateFolder: String) throws -> RunReport {
        let reading = try RunReading(record, in: store)
        let run = record.created.run
        let audit = try Wiring.storeForAudit(stateFolder).verifyChain(of: run)
        let view = reading.view
        var report = RunReport(
            view, entries: try store.entries(of: run, after: 0),
            journal: JournalEnd(events: audit.events, head: audit.head), now: SystemClock.wallTime)
        report.view.samples = try store.samples(of: run)
        let folder = Project.runFolder(of: run, in: stateFolder)
        var notes = NotesReader(inRunFolder: folder)
        report.evidence = SuiteEvidence.of(view, notes: notes.readOn()) + SuiteEvidence.ofDryRun(view)
        try report.completeEvidence(from: Wiring.checkBook(stateFolder))
        let output = RunOutput(run: run, plan: reading.state.plan, folder: folder)
        let failed = report.attempts.filter { $0.result.map { $0.verdict != .succeeded } ?? false }
        for attempt in failed.suffix(lastAttempts) {
            let lines = output.lastLines(of: attempt.id, count: lastLines).filter { !$0.allSatisfy(\.isWhitespace) }
            if !lines.isEmpty { report.printed[attempt.id] = lines }
        }
        return report
    }

    /// The last time that the run asked a suite is what the book can tell of it.
    private mutating func completeEvidence(from book: any CheckBook) throws {
        let created = view.created
        for place in evidence.indices {
            let suite = evidence[place].suite
            guard !evidence[(place + 1)...].contains(where: { $0.suite == suite }) else { continue }
            let key = SuiteKey(pipeline: created.pipeline, environment: created.environment, suite: suite)
            if let record = try book.newest(of: key, askedBy: created.run) { evidence[place].complete(from: record) }
        }
    }
}
