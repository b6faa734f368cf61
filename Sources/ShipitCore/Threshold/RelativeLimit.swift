/// A limit that depends on what was measured before the first change: `> baseline * 1.5`.
public struct RelativeLimit: Hashable, Sendable, Codable {
    public enum Shift: Hashable, Sendable, Codable {
        case times(Double)
        /// In base units; negative where something is taken off.
        case plus(Double)
    }

    /// Not `==`.
    public var comparison: Comparison
    public var shift: Shift

    public init(_ comparison: Comparison, _ shift: Shift) {
        self.comparison = comparison
        self.shift = shift
    }

    func limit(_ baseline: Double) -> Double {
        switch shift {
        case .times(let factor): baseline * factor
        case .plus(let difference): baseline + difference
        }
    }

    /// Whether a value is over the limit, and by more than the floor away from the baseline.
    func isBroken(_ value: Double, baseline: Double, floor: Double) -> Bool {
        let difference =
            switch comparison {
            case .less, .atMost: baseline - value
            case .more, .atLeast, .equal: value - baseline
            }
        return comparison.holds(value, limit(baseline)) && difference > floor
    }
}

/// A rule's value beside what it is compared with.
public struct BaselineComparison: Hashable, Sendable {
    public var baseline: Double
    /// What the rule's limit comes to.
    public var limit: Double
    /// Of all values in the window against those of the baseline.
    public var test: RankTest?
    /// The limit is crossed, and by `significance:` that may be chance.
    public var mayBeChance = false

    /// The value as a multiple of the baseline; `nil` where that was nothing.
    public func ratio(_ value: Double) -> Double? { baseline == 0 ? nil : value / baseline }
}
