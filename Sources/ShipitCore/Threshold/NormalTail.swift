/// The core imports nothing, so it brings the little of the normal distribution that a rank test needs.
enum NormalTail {
    /// The share of a standard normal distribution above `z`, to twelve digits or so.
    static func above(_ z: Double) -> Double {
        if z.isNaN { return .nan }
        if z < 0 { return 1 - above(-z) }
        return z < 3 ? 0.5 - density(z) * series(z) : density(z) / fraction(z)
    }

    private static func density(_ z: Double) -> Double { 0.398942280401432677939946 * exponential(-z * z / 2) }

    /// z + z³/3 + z⁵/(3·5) + …
    private static func series(_ z: Double) -> Double {
        var term = z
        var sum = z
        var divisor = 1.0
        while term > sum * 1e-17 {
            divisor += 2
            term *= z * z / divisor
            sum += term
        }
        return sum
    }

    /// z + 1/(z + 2/(z + 3/(z + …)))
    private static func fraction(_ z: Double) -> Double {
        (1...120).reversed().reduce(z) { z + Double($1) / $0 }
    }

    /// e to the power of `x`: of a remainder by its series, times a power of two.
    static func exponential(_ x: Double) -> Double {
        let ln2 = 0.693147180559945309417232
        let power = (x / ln2).rounded()
        if power < -1074 { return 0 }
        if power > 1023 { return .infinity }
        let rest = x - power * ln2
        var term = 1.0
        var sum = 1.0
        for number in 1...18 {
            term *= rest / Double(number)
            sum += term
        }
        return Double(sign: .plus, exponent: Int(power), significand: sum)
    }
}
