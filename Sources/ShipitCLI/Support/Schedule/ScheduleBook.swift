import Foundation
import ShipitCore
import ShipitEngine

/// An item of some pipeline's `schedule:`.
struct ScheduledEntry: Hashable, Sendable {
    /// The name of the pipeline's file.
    var pipeline: String
    var entry: ScheduleEntry
    var zone: ZoneRules

    /// What it is known by among all pipelines of the project.
    var key: String { "\(pipeline)/\(entry.name)" }

    /// Of when it runs: one that is changed begins anew.
    var digest: String { "\(entry.cron.text) \(entry.zone) \(entry.jitter.written)" }

    func next(after instant: Instant) -> (firing: Firing, start: Instant)? { entry.next(after: instant, zone) }

    /// The command that begins its run.
    /// - Parameter order: the time that it is for; `nil` where a person begins it.
    func arguments(in project: Project, for order: FiringOrder? = nil) -> [String] {
        var words = ["deploy", "-C", project.root, "--state", project.stateFolder, "--pipeline", pipeline, "--yes"]
        if let environment = entry.environment { words += ["--env", environment] }
        if entry.tag != ScheduleEntry.latest { words += ["--matching", entry.tag] }
        if entry.dryRun { words.append("--dry-run") }
        if let order {
            // A deployment goes on by itself, whatever becomes of who has begun it.
            if !entry.dryRun { words.append("--detach") }
            words += ["--firing", order.argument]
        }
        return words + [ScheduleEntry.latest]
    }
}

/// What the pipelines of a project want to happen by itself.
struct ScheduleBook: Sendable {
    /// In the order of the pipelines' names, then of their files.
    private(set) var entries: [ScheduledEntry] = []
    /// Why pipelines cannot be read, by name: what they hold is not begun.
    private(set) var troubles: [(pipeline: String, reason: String)] = []

    /// - Parameter pipeline: only this one's.
    init(of project: Project, pipeline: String? = nil) throws {
        let names = PipelineFile.all(of: project)
        if let pipeline, !names.contains(pipeline) {
            // It says what there is instead.
            _ = try PipelineFile.load(pipeline, of: project, says: Streams())
        }
        for name in names where pipeline == nil || pipeline == name { read(name, of: project) }
    }

    private mutating func read(_ name: String, of project: Project) {
        let file = "pipelines/\(name).yaml"
        do throws(CommandFailure) {
            let reading = try PipelineText.read(
                Place.join(project.root, file), shownAs: file,
                catalog: Wiring.equipment(ofProject: project.root).catalog)
            guard let pipeline = reading.pipeline else {
                troubles.append((name, "\(file) has mistakes; see: shipit validate"))
                return
            }
            for entry in pipeline.schedule {
                // The reader has looked the zone up already.
                guard let zone = Wiring.zones.rules(of: entry.zone) else { continue }
                entries.append(ScheduledEntry(pipeline: name, entry: entry, zone: zone))
            }
        } catch {
            troubles.append((name, error.message))
        }
    }

    /// The one that a person means: `NAME`, or `PIPELINE/NAME`.
    func entry(_ name: String) throws(CommandFailure) -> ScheduledEntry {
        let found = entries.filter { $0.key == name || $0.entry.name == name }
        if found.count == 1 { return found[0] }
        guard found.isEmpty else {
            throw CommandFailure(
                .usage, "several pipelines have an entry \"\(SafeText.line(name))\"",
                hint: "say which: \(found.map(\.key).joined(separator: ", "))")
        }
        let names = entries.map(\.entry.name)
        let near = Suggestion.closest(to: name, among: names)
        throw CommandFailure(
            .usage, "no schedule has an entry \"\(SafeText.line(name))\"",
            hint: near.map { "did you mean \($0)?" }
                ?? (names.isEmpty ? "add schedule: to a pipeline" : "entries: \(names.joined(separator: ", "))"))
    }
}
