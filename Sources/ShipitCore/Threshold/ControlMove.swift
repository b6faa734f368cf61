/// A control series that moved when a rule was broken: whatever moves it is not this release.
public struct ControlMove: Hashable, Sendable, Codable {
    public var rule: String
    /// The source, and what of it moved.
    public var control: String
    public var metric: String
    public var observed: Double?
    public var baseline: Double?

    public init(rule: String, control: String, metric: String, observed: Double?, baseline: Double?) {
        self.rule = rule
        self.control = control
        self.metric = metric
        self.observed = observed
        self.baseline = baseline
    }

    /// For the pause.
    var reason: String {
        "\(control) is a control and has moved, too (\(metric)): what broke \"\(rule)\" need not be this release"
    }
}

extension Rule {
    /// The rules by which a control series has moved: as this one where it is relative and about the same, by half otherwise.
    /// Slower and more errors are worse; which way a number is worse, nobody knows.
    func controlRules(_ source: String, _ baseline: SourceBaseline, _ minSamples: Int) -> [Rule] {
        func rule(_ metric: Metric, _ comparison: Comparison, _ shift: RelativeLimit.Shift) -> Rule {
            Rule(
                text: metric.name, source: source, kind: .relative(metric, RelativeLimit(comparison, shift), hold: nil))
        }
        return baseline.known(minSamples).flatMap { known -> [Rule] in
            if case .relative(let metric, let limit, _) = kind, metric.dimension == known.dimension {
                return [rule(metric, limit.comparison, limit.shift)]
            }
            let worse = [rule(known, .more, .times(1.5))]
            return known == .value ? worse + [rule(known, .less, .times(1 / 1.5))] : worse
        }
    }
}
