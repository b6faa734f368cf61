import ArgumentParser
import ShipitCore
import ShipitEngine

struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "See what begins by itself, and begin it by hand.",
        subcommands: [ScheduleListCommand.self, ScheduleNextCommand.self, ScheduleRunCommand.self])

    func run() throws {
        throw CommandFailure(.usage, "schedule: list, next or run is expected", hint: "see: shipit schedule --help")
    }
}

/// Which pipelines' schedules are meant.
struct ScheduleOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only the schedule of pipelines/NAME.yaml. Default: all.", valueName: "name"))
    var pipeline: String?

    func book(_ project: Project, _ streams: Streams) throws -> ScheduleBook {
        let book = try ScheduleBook(of: project, pipeline: pipeline)
        for trouble in book.troubles { streams.warning("left out: \(trouble.reason)") }
        return book
    }
}

struct ScheduleListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show what the pipelines' schedules hold, when it comes next and what came last."
    )

    @OptionGroup var place: PlaceOptions
    @OptionGroup var options: ScheduleOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let streams = Streams()
        let project = try place.place().project()
        let book = try options.book(project, streams)
        let firings = try Wiring.firingsForReading(project.stateFolder)
        let store = try Wiring.storeForReading(project.stateFolder)
        let now = SystemClock.wallTime
        let rows = try book.entries.map { entry in
            let last = try firings.firings(of: entry.key, limit: 1).first
            return ScheduleWords.Row(
                entry: entry, next: entry.next(after: now), last: last,
                run: try last?.run.flatMap { try store.run($0) })
        }
        switch output.output {
        case .text: streams.result(ScheduleWords.list(rows))
        case .json: streams.result(ScheduleJSON.list(rows))
        }
    }
}

struct ScheduleNextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next", abstract: "Show the times that come next, of all entries or of one.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var options: ScheduleOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("How many.", valueName: "n"))
    var count = 10

    @Argument(help: ArgumentHelp("Only this entry: NAME, or PIPELINE/NAME.", valueName: "name"))
    var name: String?

    func run() throws {
        guard (1...1000).contains(count) else { throw CommandFailure(.usage, "--count \(count): 1 to 1000") }
        let streams = Streams()
        let book = try options.book(try place.place().project(), streams)
        let entries = try name.map { [try book.entry($0)] } ?? book.entries
        let comings = Self.comings(of: entries, after: SystemClock.wallTime, count: count)
        switch output.output {
        case .text: streams.result(ScheduleWords.next(comings))
        case .json: streams.result(ScheduleJSON.next(comings))
        }
    }

    /// The earliest first.
    static func comings(of entries: [ScheduledEntry], after now: Instant, count: Int) -> [ScheduleWords.Coming] {
        var heads = entries.compactMap { entry in
            entry.next(after: now).map { ScheduleWords.Coming(entry: entry, firing: $0.firing, start: $0.start) }
        }
        var comings: [ScheduleWords.Coming] = []
        while comings.count < count,
            let place = heads.indices.min(by: { (heads[$0].start, $0) < (heads[$1].start, $1) })
        {
            let head = heads.remove(at: place)
            comings.append(head)
            guard let next = head.entry.next(after: head.start) else { continue }
            heads.insert(
                ScheduleWords.Coming(entry: head.entry, firing: next.firing, start: next.start), at: place)
        }
        return comings
    }
}

struct ScheduleRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Begin an entry's run now, here, whatever the hour.",
        discussion: """
            As deploy would: the exit code is that of the run. It is none of the entry's times, which come all the same. A \
            timer of the system's can call it where no shipit serve runs.
            """)

    @OptionGroup var place: PlaceOptions
    @OptionGroup var options: ScheduleOptions
    @OptionGroup var output: StreamOptions

    @Argument(help: ArgumentHelp("The entry: NAME, or PIPELINE/NAME.", valueName: "name"))
    var name: String

    func run() async throws {
        let project = try place.place().project()
        let entry = try options.book(project, Streams()).entry(name)
        let words = entry.arguments(in: project) + ["--output", output.output.rawValue]
        try await DeployCommand.parse(Array(words.dropFirst())).run()
    }
}
