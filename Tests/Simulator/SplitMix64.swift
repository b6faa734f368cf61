/// Sebastiano Vigna's SplitMix64: small, good enough, and the same everywhere for ever.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True once in so many times.
    mutating func once(in times: Int) -> Bool { next() % UInt64(times) == 0 }

    mutating func pick(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[pick(0...choices.count - 1)] }
}

extension SplitMix64 {
    /// The generator of one thing: the same for the same seed and name, whatever else was drawn before.
    init(seed: UInt64, for name: String) {
        let hash = name.utf8.reduce(14_695_981_039_346_656_037 as UInt64) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        self.init(seed: seed ^ hash)
        _ = next()
    }
}
