import ShipitCore
import ShipitStore
import ShipitSyntax

/// Texts with references come apart and together again, in the journal, too; conditions are read or refused.
@Sendable func checkTemplate(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    do {
        let template = try Template(parsing: text)
        try expectKept(template)
        if let literal = template.literal { try expect(literal == text, "\"\(text)\" became \"\(literal)\"") }
        for reference in template.references {
            try expect(Reference(reference.description) == reference, "\(reference) is read as something else")
        }
    } catch let error as TemplateError {
        try expect((0...text.count).contains(error.offset), "\(error) is not in \"\(text)\"")
    }
    let quoted = try StoredJSON.encode(text)
    try checkPipeline(Array("shipit: 1\nstages: {a: {run: [make], if: \(quoted), env: {A: \(quoted)}}}\n".utf8))
}

/// A quantity is what its own words say, computed with whole numbers; instants are read as they are written.
@Sendable func checkQuantity(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    let span = checked { () throws(QuantityError) in try QuantityParser.duration(text) }
    if let span {
        try expect(span >= .zero, "\"\(text)\" is \(span)")
        let again = try QuantityParser.duration("\(span.milliseconds)ms")
        try expect(again == span, "\"\(text)\" is \(span), and written again \(again)")
        try expectKept(span)
    }
    if let milliseconds = naiveMilliseconds(bytes) {
        let expected = TimeSpan(milliseconds: milliseconds)
        try expect(span == expected, "\"\(text)\" is \(expected), and was read as \(String(describing: span))")
    }
    for dimension in [Dimension.time, .size, .ratio, .count] {
        let quantity = checked { () throws(QuantityError) in try QuantityParser.quantity(text, in: dimension) }
        if let quantity {
            try expect(quantity.dimension == dimension && quantity.value.isFinite, "\"\(text)\" is \(quantity)")
            try expect(dimension == .count || quantity.value >= 0, "\"\(text)\" is \(quantity)")
        }
        _ = checked { () throws(QuantityError) in try QuantityParser.condition(text, in: dimension) }
    }
    if let instant = Instant(rfc3339: text) {
        try expect(instant.description == text, "\"\(text)\" is \(instant)")
        try expectKept(instant)
    }
    try expectKept(
        Instant(milliseconds: Int64(bytes.prefix(6).reduce(0) { $0 << 8 | UInt64($1) }) % 253_402_300_800_000))
}

/// What a person is told about a quantity can always be told.
private func checked<Value>(_ parse: () throws(QuantityError) -> Value) -> Value? {
    do throws(QuantityError) {
        return try parse()
    } catch {
        _ = (error.message, error.hint, error.code)
        return nil
    }
}

/// Whole numbers of at most nine digits with units from the longest to the shortest; `nil` for all else, of which this
/// knows nothing, and for more than a century.
private func naiveMilliseconds(_ bytes: [UInt8]) -> Int64? {
    let units: [(name: String, factor: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
    var (rest, total, next) = (bytes[...], Int64(0), 0)
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard (1...9).contains(digits.count), let number = Int64(String(decoding: digits, as: UTF8.self)) else {
            return nil
        }
        rest = rest.dropFirst(digits.count)
        let name = rest.prefix { !(0x30...0x39).contains($0) }
        rest = rest.dropFirst(name.count)
        guard let unit = units.indices.first(where: { units[$0].name.utf8.elementsEqual(name) }), unit >= next else {
            return nil
        }
        next = unit + 1
        total += number * units[unit].factor
    }
    return total <= 100 * 366 * 86_400_000 ? total : nil
}

/// A rule says what its text says: read again it is the same.
@Sendable func checkRule(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    do {
        let rule = try RuleParser.rule(text)
        try expect(
            !rule.source.isEmpty && !rule.source.contains(where: \.isWhitespace),
            "\"\(text)\" has a source \"\(rule.source)\"")
        let again = try RuleParser.rule(rule.text)
        try expect(again == rule, "\"\(text)\" is \(rule), and read again \(again)")
        try expectKept(rule)
    } catch let error as RuleError {
        if case .quantity(let quantity, _) = error { _ = (quantity.message, quantity.hint) }
    }
    let quoted = try StoredJSON.encode(text)
    let sources = "sources: {api: {http: \"http://localhost/\"}, db: {run: [\"true\"], number: \"< 3\"}}"
    try checkPipeline(
        Array("shipit: 1\nstages: {a: {run: make}}\nmonitor: {for: 5m, \(sources), rollback-when: [\(quoted)]}\n".utf8))
}
