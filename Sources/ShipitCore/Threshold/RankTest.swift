/// The two-sided Mann–Whitney U test: whether values tend to be larger or smaller than those they are compared with. It
/// looks at ranks alone, so one wild value weighs no more than any other.
public struct RankTest: Hashable, Sendable {
    /// In how many pairs the value is larger than the one it is compared with; equal ones count one half.
    public let u: Double
    /// How likely a difference as large as this is where there is none.
    public let p: Double
    /// How many values there are, and how many they are compared with.
    public let count: Int
    public let baselineCount: Int

    /// From -1 (every value is smaller) over 0 (as often larger as smaller) to 1 (every value is larger).
    public var effect: Double { 2 * u / (Double(count) * Double(baselineCount)) - 1 }

    /// - Parameter baseline: ascending.
    /// - Returns: `nil` where either is empty.
    public init?(_ values: [Double], against baseline: [Double]) {
        guard !values.isEmpty, !baseline.isEmpty else { return nil }
        count = values.count
        baselineCount = baseline.count
        let ranks = Ranks(values.sorted(), baseline)
        u = ranks.u
        let larger = max(u, Double(count * baselineCount) - u)
        let isSmall = min(count, baselineCount) <= 8 && count + baselineCount <= 40
        p = isSmall && ranks.ties == 0 ? Self.exact(larger, count, baselineCount) : ranks.approximate(larger)
    }

    /// Whether chance explains the difference badly enough.
    public func isSignificant(at significance: Double) -> Bool { p <= 1 - significance }

    /// Counts in how many of all orders U is at least as large, and doubles their share.
    private static func exact(_ u: Double, _ count: Int, _ others: Int) -> Double {
        // The coefficients of the Gaussian binomial: in so many orders U is 0, 1, 2 …
        var orders = [Double](repeating: 0, count: count * others + 1)
        orders[0] = 1
        for step in 1...count {
            for place in stride(from: orders.count - 1, through: others + step, by: -1) {
                orders[place] -= orders[place - others - step]
            }
            for place in stride(from: step, to: orders.count, by: 1) { orders[place] += orders[place - step] }
        }
        let tail = orders[Int(u)...].reduce(0, +)
        return min(1, 2 * tail / orders.reduce(0, +))
    }
}

/// Both samples merged.
private struct Ranks {
    let count: Double
    let baselineCount: Double
    var u = 0.0
    /// The sum of t³ - t over groups of equal values.
    var ties = 0.0

    init(_ values: [Double], _ baseline: [Double]) {
        count = Double(values.count)
        baselineCount = Double(baseline.count)
        var (mine, theirs) = (0, 0)
        while mine < values.count || theirs < baseline.count {
            let next = min(
                mine < values.count ? values[mine] : .infinity, theirs < baseline.count ? baseline[theirs] : .infinity)
            let (firstOfMine, firstOfTheirs) = (mine, theirs)
            while mine < values.count, values[mine] <= next { mine += 1 }
            while theirs < baseline.count, baseline[theirs] <= next { theirs += 1 }
            let (equalMine, equalTheirs) = (Double(mine - firstOfMine), Double(theirs - firstOfTheirs))
            u += equalMine * (Double(firstOfTheirs) + equalTheirs / 2)
            let group = equalMine + equalTheirs
            ties += group * group * group - group
        }
    }

    /// By the normal distribution, with the corrections for ties and for continuity.
    func approximate(_ larger: Double) -> Double {
        let all = count + baselineCount
        let variance = count * baselineCount / 12 * (all + 1 - ties / (all * (all - 1)))
        guard variance > 0 else { return 1 }
        return min(1, 2 * NormalTail.above((larger - count * baselineCount / 2 - 0.5) / variance.squareRoot()))
    }
}
