import ShipitCore
import ShipitEngine

/// A field of a check says something that cannot be asked. The pipeline was validated, so this comes from a value that was
/// substituted later.
struct BadField: Error, Hashable {
    var reason: String

    init(_ field: String, _ reason: String) { self.reason = "\(field): \(reason)" }

    var measurement: Measurement { Measurement(.noAnswer(reason)) }
}

/// A condition together with the words the author used for it, so that a reason can repeat them.
struct Limit: Hashable {
    var written: String
    var condition: Condition

    init(_ written: String, in dimension: Dimension?, field: String) throws(BadField) {
        do {
            condition = try QuantityParser.condition(written, in: dimension)
        } catch {
            throw BadField(field, error.message)
        }
        self.written = written
    }

    func holds(_ value: Double) -> Bool { condition.holds(value) }
}

/// The fields of a request, read as what they are declared to be.
struct Fields {
    private var values: [String: ResolvedValue]

    init(_ request: ResolvedProbe) { values = request.fields }

    func contains(_ name: String) -> Bool { values[name] != nil }

    func text(_ name: String) throws(BadField) -> String? {
        guard let value = values[name] else { return nil }
        guard let text = value.text else { throw BadField(name, "must be one value") }
        return text
    }

    func number(_ name: String) throws(BadField) -> Int? {
        guard let text = try text(name) else { return nil }
        guard let number = Int(text) else { throw BadField(name, "\"\(text)\" is not a whole number") }
        return number
    }

    func boolean(_ name: String) throws(BadField) -> Bool? {
        switch try text(name) {
        case nil: return nil
        case "true", "yes": return true
        case "false", "no": return false
        case .some(let other): throw BadField(name, "\"\(other)\" is neither true nor false")
        }
    }

    func limit(_ name: String, in dimension: Dimension) throws(BadField) -> Limit? {
        guard let text = try text(name) else { return nil }
        return try Limit(text, in: dimension, field: name)
    }

    func pattern(_ name: String) throws(BadField) -> TextPattern? {
        guard let text = try text(name) else { return nil }
        return try TextPattern(text, field: name)
    }

    /// A map of texts, in the order of its keys.
    func map(_ name: String) throws(BadField) -> [(key: String, value: String)] {
        guard let value = values[name] else { return [] }
        guard let map = value.map else { throw BadField(name, "must be a map") }
        var pairs: [(key: String, value: String)] = []
        for key in map.keys.sorted() {
            guard let text = map[key]?.text else { throw BadField("\(name).\(key)", "must be one value") }
            pairs.append((key, text))
        }
        return pairs
    }
}
