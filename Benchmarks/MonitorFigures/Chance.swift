#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Sebastiano Vigna's SplitMix64, and the few distributions that a night is made of.
struct Chance: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0 to less than 1.
    mutating func share() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

    mutating func happens(_ share: Double) -> Bool { self.share() < share }

    mutating func between(_ low: Double, _ high: Double) -> Double { low + (high - low) * share() }

    mutating func logNormal(median: Double, spread: Double) -> Double {
        let normal = (-2 * log(1 - share())).squareRoot() * cos(2 * Double.pi * share())
        return median * exp(spread * normal)
    }
}
