public import ShipitCore
public import ShipitEngine
internal import Synchronization

/// Counts the lines of a log that match a pattern: as a source of the monitor those that were written since the sample before,
/// as a check all that are there.
public struct LogProbe: Probe {
    private let followers = Followers()

    public init() {}

    public let description = ProbeDescription(
        name: "log", help: "Count the lines of a file that match a pattern; the monitor counts what is new.",
        subject: .path,
        fields: [
            FieldDescription(
                "pattern", .textOrPattern, required: true, help: "What a line must contain to be counted, or /regex/."),
            FieldDescription("matches", .condition(.count), help: "How many lines there may be."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        guard let path = request.subject.text, !path.isEmpty else {
            return BadField("log", "must be a path").measurement
        }
        let pattern: TextPattern
        let limit: Limit?
        do throws(BadField) {
            let fields = Fields(request)
            guard let written = try fields.pattern("pattern") else { throw BadField("pattern", "is missing") }
            (pattern, limit) = (written, try fields.limit("matches", in: .count))
        } catch {
            return error.measurement
        }
        let absolute = path.hasPrefix("/") ? path : "\(request.directory)/\(path)"
        let follower =
            request.series.map { followers.follower(absolute, of: $0) } ?? LogFollower(absolute, fromStart: true)
        let late = Measurement(.noAnswer("timed out after \(Words.span(request.timeout))"), evidence: path)
        // What cannot be read in the time is read the next time.
        let span = TimeSpan(milliseconds: request.timeout.milliseconds * 3 / 4)
        return await onThread(within: request.timeout, otherwise: late) {
            switch follower.count(pattern, within: span) {
            case .failure(let trouble): return Measurement(.noAnswer("\(path): \(trouble.reason)"), evidence: path)
            case .success(let count):
                var judgement = Judgement()
                judgement.expect(
                    "matches", limit, Double(count), "\(path) has", { Words.rounded($0, digits: 0) },
                    after: " such lines")
                return judgement.measurement(
                    number: Double(count), evidence: "\(path): \(count) lines with \(pattern.words)")
            }
        }.masked(request.secretValues)
    }

    /// Where each series of samples stands. A series that begins anew counts from there on.
    private final class Followers: Sendable {
        private let known = Mutex<[String: (number: Int, follower: LogFollower)]>([:])

        func follower(_ path: String, of series: SampleSeries) -> LogFollower {
            known.withLock { known in
                if let mine = known[series.source], mine.number == series.number { return mine.follower }
                let follower = LogFollower(path, fromStart: false)
                known[series.source] = (series.number, follower)
                return follower
            }
        }
    }
}
