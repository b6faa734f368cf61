/// Reads times, sizes, ratios and numbers as the pipeline language and the command line write them: `500ms`, `1h30m`,
/// `50MB`, `1GiB`, `5%`, `3.5`. Whoever asks says which of them is meant; a bare number where a unit is needed is an
/// error, never a guess.
public enum QuantityParser {
    /// A length of time, in whole milliseconds and not negative.
    public static func duration(_ text: String) throws(QuantityError) -> TimeSpan {
        let seconds = try quantity(text, in: .time).value
        let milliseconds = (seconds * 1000).rounded()
        guard abs(milliseconds - seconds * 1000) < 1e-6 * max(1, milliseconds) else {
            throw .finerThanMilliseconds(text)
        }
        // Past a century it is a slip of the hand, and Int64 stays far away.
        guard milliseconds <= 100 * 366 * 86_400_000 else { throw .tooLarge(text) }
        return TimeSpan(milliseconds: Int64(milliseconds))
    }

    /// A size in bytes.
    public static func size(_ text: String) throws(QuantityError) -> Double { try quantity(text, in: .size).value }

    /// A share, 0.05 for `5%`.
    public static func ratio(_ text: String) throws(QuantityError) -> Double { try quantity(text, in: .ratio).value }

    /// A plain number, a negative one too.
    public static func number(_ text: String) throws(QuantityError) -> Double { try quantity(text, in: .count).value }

    /// A quantity measured in `dimension`.
    public static func quantity(_ text: String, in dimension: Dimension) throws(QuantityError) -> Quantity {
        let quantity: Quantity
        do throws(QuantityError) {
            quantity = try Self.quantity(text)
        } catch {
            guard case .unknownUnit(let unit, _) = error else { throw error }
            throw .unknownUnit(unit, dimension)
        }
        guard quantity.dimension == dimension else {
            if quantity.dimension == .count {
                throw quantity.value < 0 ? .negative(text) : .missingUnit(text, dimension)
            }
            throw .wrongDimension(text, quantity.dimension, expected: dimension)
        }
        return quantity
    }

    /// A quantity of whatever dimension its unit says.
    public static func quantity(_ text: String) throws(QuantityError) -> Quantity {
        guard !text.isEmpty else { throw .empty }
        if let number = plainNumber(text) { return Quantity(number, .count) }
        var rest = Substring(text).utf8
        if rest.first == UInt8(ascii: "-") {
            rest = rest.dropFirst()
            guard rest.first.map(isDigit) == true else { throw .malformed(text) }
            throw .negative(text)
        }
        var total = 0.0
        var previous: Unit?
        while !rest.isEmpty {
            let digits = rest.prefix { isDigit($0) || $0 == UInt8(ascii: ".") }
            rest = rest[digits.endIndex...]
            guard let number = plainNumber(String(Substring(digits))) else { throw .malformed(text) }
            let name = String(Substring(rest.prefix { !isDigit($0) }))
            rest = rest.dropFirst(name.utf8.count)
            guard let unit = Unit.named(name) else {
                let isWord = !name.isEmpty && !name.contains(where: \.isWhitespace)
                throw isWord ? .unknownUnit(name, previous?.dimension ?? .time) : .malformed(text)
            }
            if let previous {
                // Only times are put together, from the longest unit to the shortest: `1h30m`.
                guard unit.dimension == .time, previous.dimension == .time, unit.factor < previous.factor else {
                    throw .malformed(text)
                }
            }
            total += number * unit.factor
            previous = unit
        }
        guard let dimension = previous?.dimension else { throw .malformed(text) }
        guard total.isFinite else { throw .tooLarge(text) }
        return Quantity(total, dimension)
    }

    /// `OP VALUE`, such as `< 100ms`; without a dimension, VALUE may be of any.
    public static func condition(_ text: String, in dimension: Dimension? = nil) throws(QuantityError) -> Condition {
        let trimmed = Substring(text).trimmed
        let sign = trimmed.prefix { "<>=!~".contains($0) }
        guard !sign.isEmpty else { throw .missingComparison(text) }
        guard let comparison = Comparison(rawValue: String(sign)) else { throw .unknownComparison(String(sign)) }
        let value = String(trimmed[sign.endIndex...].trimmed)
        guard let dimension else { return Condition(comparison, try quantity(value)) }
        return Condition(comparison, try quantity(value, in: dimension))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Digits with an optional sign, fraction and exponent; unlike `Double.init`, neither `nan` nor `0x1p3`.
    private static func plainNumber(_ text: String) -> Double? {
        var rest = Substring(text).utf8
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        func takeDigits() -> Bool {
            let digits = rest.prefix(while: isDigit)
            rest = rest[digits.endIndex...]
            return !digits.isEmpty
        }
        guard takeDigits() else { return nil }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard takeDigits() else { return nil }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard takeDigits() else { return nil }
        }
        guard rest.isEmpty, let number = Double(text), number.isFinite else { return nil }
        return number
    }
}

/// A unit of the language, and how many base units it is.
private struct Unit {
    var dimension: Dimension
    var factor: Double

    static func named(_ name: String) -> Unit? { known[name] }

    private static let known: [String: Unit] = [
        "ms": Unit(dimension: .time, factor: 0.001),
        "s": Unit(dimension: .time, factor: 1),
        "m": Unit(dimension: .time, factor: 60),
        "h": Unit(dimension: .time, factor: 3600),
        "d": Unit(dimension: .time, factor: 86_400),
        "B": Unit(dimension: .size, factor: 1),
        "kB": Unit(dimension: .size, factor: 1e3),
        "KB": Unit(dimension: .size, factor: 1e3),
        "MB": Unit(dimension: .size, factor: 1e6),
        "GB": Unit(dimension: .size, factor: 1e9),
        "TB": Unit(dimension: .size, factor: 1e12),
        "KiB": Unit(dimension: .size, factor: 1024),
        "MiB": Unit(dimension: .size, factor: 1_048_576),
        "GiB": Unit(dimension: .size, factor: 1_073_741_824),
        "TiB": Unit(dimension: .size, factor: 1_099_511_627_776),
        "%": Unit(dimension: .ratio, factor: 0.01),
    ]
}
