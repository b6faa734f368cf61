import ShipitCore
import ShipitEngine

/// What a rule's source gave last before the rule was breached: the samples that decided.
struct BreachSamples {
    var source: String
    /// The newest last.
    var samples: [RecordedSample]

    /// As many as can be read at a glance.
    private static let shown = 10

    /// `nil` where nothing is on record, as of a breach that a person forced.
    init?(_ breach: (breach: Breach, at: Instant), in view: RunView) {
        let rules = (view.state.plan.monitor?.rollbackWhen ?? []) + (view.state.plan.monitor?.warnWhen ?? [])
        guard let rule = rules.first(where: { $0.text == breach.breach.rule }) else { return nil }
        source = rule.source
        samples = view.samples.filter { $0.source == rule.source && $0.sample.at <= breach.at }.suffix(Self.shown)
        if samples.isEmpty { return nil }
    }

    /// `the last samples of api (UTC): 09:38:22 error, 09:38:23 213ms`.
    var words: String {
        let samples = samples.map { "\(Words.clock($0.sample.at)) \(Self.words($0.sample.kind))" }
        return SafeText.line("the last samples of \(source) (UTC): \(samples.joined(separator: ", "))")
    }

    private static func words(_ kind: Sample.Kind) -> String {
        switch kind {
        case .good(let seconds, let number):
            if let number { return Words.short(number) }
            return seconds.map { Words.value($0, .time) } ?? "answered"
        case .error: return "error"
        case .noData: return "no data"
        }
    }

    var json: JSONValue {
        .array(
            samples.map { recorded in
                var (kind, seconds, number): (String, Double?, Double?) = ("good", nil, nil)
                switch recorded.sample.kind {
                case .good(let took, let gave): (seconds, number) = (took, gave)
                case .error: kind = "error"
                case .noData: kind = "no-data"
                }
                return .members([
                    "source": .string(source), "at": .string(recorded.sample.at.description), "kind": .string(kind),
                    "seconds": seconds.map(JSONValue.number) ?? .null, "value": number.map(JSONValue.number) ?? .null,
                ])
            })
    }
}

extension RunView {
    /// Reads what was measured, where that tells why it was breached.
    mutating func lookAtSamples(in store: any RunStore) throws {
        if !state.breaches.isEmpty { samples = try store.samples(of: created.run) }
    }
}
