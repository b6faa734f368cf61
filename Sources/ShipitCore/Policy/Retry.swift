/// `retry:`. Repeats the whole stage; `attempts` counts the first try.
public struct RetryPolicy: Hashable, Sendable, Codable {
    public enum Cause: Hashable, Sendable, Codable {
        case timeout
        case exit(Int)
        case any
    }

    public var attempts: Int
    public var delay: TimeSpan
    /// Each delay is this many times the one before.
    public var backoff: Double
    public var maxDelay: TimeSpan?
    /// 0.2 for ±20 %.
    public var jitter: Double
    /// What is worth another try.
    public var on: [Cause]

    public init(
        attempts: Int = 1, delay: TimeSpan = .seconds(1), backoff: Double = 1, maxDelay: TimeSpan? = nil,
        jitter: Double = 0, on: [Cause] = [.any]
    ) {
        self.attempts = attempts
        self.delay = delay
        self.backoff = backoff
        self.maxDelay = maxDelay
        self.jitter = jitter
        self.on = on
    }

    /// How long to wait before attempt `number` (2 is the first repetition). `seed` makes the jitter the same at every
    /// replay of the journal.
    public func delay(before number: Int, seed: String) -> TimeSpan {
        var delay = Double(self.delay.milliseconds) * power(backoff, number - 2)
        if let maxDelay { delay = min(delay, Double(maxDelay.milliseconds)) }
        if jitter > 0 {
            let position = Double(stableHash("\(seed)/\(number)") % 10_000) / 10_000
            delay *= 1 + jitter * (2 * position - 1)
            if let maxDelay { delay = min(delay, Double(maxDelay.milliseconds)) }
        }
        // 30 days: past it a backoff is a mistake, and Int64 stays far away.
        guard delay < 2_592_000_000 else { return .hours(720) }
        return TimeSpan(milliseconds: Int64(max(0, delay)))
    }

    /// Whether a result is worth another try under `on`.
    public func covers(verdict: Verdict, exit: ExitStatus?) -> Bool {
        on.contains { cause in
            switch cause {
            case .any: true
            case .timeout: verdict == .timedOut
            case .exit(let code): exit == .code(code)
            }
        }
    }
}

private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<max(0, exponent) where result < 1e15 { result *= base }
    return result
}

/// FNV-1a: the same everywhere and for ever, unlike `Hasher`.
func stableHash(_ text: String) -> UInt64 {
    text.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
}
