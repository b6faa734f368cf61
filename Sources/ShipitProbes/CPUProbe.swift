public import ShipitCore
public import ShipitEngine

/// Asks how busy this machine's processors are.
public struct CPUProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "cpu", help: "Ask how busy this machine's processors are.", subject: .choice(["machine"]),
        fields: [
            FieldDescription("used", .condition(.ratio), help: "The share of time that they work, such as \"< 80%\"."),
            FieldDescription("over", .duration, fallback: "1s", help: "How long to look, for `used`."),
            FieldDescription("load", .condition(.count), help: "The one-minute load average for each processor."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.asked { () async throws(BadField) in
            let fields = Fields(request)
            let usedLimit = try fields.limit("used", in: .ratio)
            let over = try fields.duration("over") ?? .seconds(1)
            let loadLimit = try fields.limit("load", in: .count)
            guard try request.subjectText("cpu", "machine") == "machine" else {
                throw BadField("cpu", "must be machine")
            }
            guard over > .zero, over < request.timeout else {
                throw BadField("over", "must be shorter than the timeout")
            }
            guard let before = Self.times() else {
                return Measurement(.noAnswer("/proc/stat cannot be read"), evidence: "cpu")
            }
            do { try await Task.sleep(for: .milliseconds(over.milliseconds)) } catch {
                return Measurement(.noAnswer("cancelled"), evidence: "cpu")
            }
            guard let after = Self.times(), after.all > before.all else {
                return Measurement(.noAnswer("/proc/stat gives no new figures"), evidence: "cpu")
            }
            let used = (after.busy - before.busy) / (after.all - before.all)
            let load = ProcFiles.text("/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) }
                .map { $0 / Double(max(1, after.processors)) }
            var judgement = Judgement()
            judgement.expect("used", usedLimit, used, "processors are", Words.ratio, after: " busy")
            judgement.expect(
                "load", loadLimit, load, "the load for each processor is", { Words.rounded($0, digits: 2) })
            let asksLoad = loadLimit != nil && usedLimit == nil
            return judgement.measurement(
                number: asksLoad ? load : used,
                evidence:
                    "cpu: \(Words.ratio(used)) busy over \(Words.span(over)), load \(load.map { Words.rounded($0, digits: 2) } ?? "unknown") for each of \(after.processors)"
            )
        }
    }

    /// What all processors have done since the start, in the kernel's ticks.
    private static func times() -> (busy: Double, all: Double, processors: Int)? {
        guard let lines = ProcFiles.lines("/proc/stat"), let first = lines.first, first.hasPrefix("cpu ") else {
            return nil
        }
        // user nice system idle iowait irq softirq steal; a guest's time is in user's.
        let ticks = first.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
        guard ticks.count >= 4 else { return nil }
        let idle = ticks[3] + (ticks.count > 4 ? ticks[4] : 0)
        let all = ticks.reduce(0, +)
        return (all - idle, all, lines.count { $0.hasPrefix("cpu") } - 1)
    }
}
