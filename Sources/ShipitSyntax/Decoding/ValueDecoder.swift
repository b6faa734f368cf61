import ShipitCore

/// Values whose type an action or a probe declares. What holds references is checked when they are substituted; what
/// holds none is checked here.
struct ValueDecoder {
    let reading: Reading

    /// A field with its value; a mistake is reported and gives `nil`.
    func field(_ entry: Entry, _ field: FieldDescription, _ site: Site) -> InputValue? {
        if entry.value.isAbsent {
            reading.empty(entry)
            return nil
        }
        return value(entry.value, field.type, "\"\(field.name)\"", site.secret(field.secret))
    }

    func value(_ node: Node, _ type: FieldType, _ what: String, _ site: Site) -> InputValue? {
        switch type {
        case .list(let element):
            guard let nodes = reading.list(node, what) else { return nil }
            let values = nodes.map { value($0, element, "an item of \(what)", site) }
            return values.contains { $0 == nil } ? nil : .list(values.compactMap { $0 })
        case .map:
            guard reading.mapping(node, what) != nil else { return nil }
            return anything(node, what, site)
        case .command:
            let calls = CallDecoder(reading: reading)
            if case .sequence = node.value { return calls.argv(node, what, site).map { .list($0.map { .text($0) }) } }
            return reading.script(node, what, site).map { .text(Template(literal: $0)) }
        case .check: return CheckDecoder(reading: reading).body(node, what, site)
        default:
            guard let template = reading.template(node, what, site, type.phrase) else { return nil }
            guard let text = template.literal else { return .text(template) }
            return check(text, type, what, node.place) ? .text(template) : nil
        }
    }

    /// The author's own lists and mappings, of texts.
    private func anything(_ node: Node, _ what: String, _ site: Site) -> InputValue? {
        switch node.value {
        case .scalar: return reading.template(node, what, site).map { .text($0) }
        case .sequence(let nodes):
            let values = nodes.map { anything($0, "an item of \(what)", site) }
            return values.contains { $0 == nil } ? nil : .list(values.compactMap { $0 })
        case .mapping(let entries):
            var values: [String: InputValue] = [:]
            for entry in entries {
                guard !entry.value.isAbsent else {
                    reading.empty(entry)
                    continue
                }
                values[entry.key] = anything(entry.value, "\"\(entry.key)\"", site)
            }
            return values.count == entries.count ? .map(values) : nil
        }
    }

    /// Whether a text without references is of the type.
    private func check(_ text: String, _ type: FieldType, _ what: String, _ place: Place) -> Bool {
        do throws(QuantityError) {
            switch type {
            case .duration: _ = try QuantityParser.duration(text)
            case .size: _ = try QuantityParser.size(text)
            case .ratio: _ = try QuantityParser.ratio(text)
            case .number:
                guard (try? QuantityParser.number(text)) != nil else {
                    reading.error("bad-number", "\(what) must be a number, and this is \"\(text)\"", at: place)
                    return false
                }
            case .condition(let dimension): _ = try QuantityParser.condition(text, in: dimension)
            default: return checkText(text, type, what, place)
            }
            return true
        } catch {
            reading.report(error, what, at: place)
            return false
        }
    }

    private func checkText(_ text: String, _ type: FieldType, _ what: String, _ place: Place) -> Bool {
        switch type {
        case .boolean:
            guard Reading.flag(text) == nil else { return true }
            reading.error("bad-boolean", "\(what) must be yes or no, and this is \"\(text)\"", at: place)
            return false
        case .url:
            let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
            let isURL =
                parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && !text.contains(where: \.isWhitespace)
            guard !isURL else { return true }
            reading.error(
                "bad-url", "\(what) must be a URL, and this is \"\(text)\"", at: place,
                hint: "write it with its scheme, such as http://127.0.0.1:8080/health")
            return false
        case .path:
            guard text.isEmpty else { return true }
            reading.error("empty-value", "\(what) is empty", at: place)
            return false
        case .choice(let words):
            guard !words.contains(text) else { return true }
            reading.unknownWord(text, what, words, at: place)
            return false
        default: return true
        }
    }
}

extension FieldType {
    /// For "must be …".
    var phrase: String {
        switch self {
        case .text, .textOrPattern: "text"
        case .number: "a number"
        case .boolean: "yes or no"
        case .duration: "a length of time"
        case .size: "a size"
        case .ratio: "a ratio"
        case .url: "a URL"
        case .path: "a path"
        case .choice: "a word"
        case .list: "a list"
        case .map: "a mapping"
        case .condition: "a condition, such as < 100ms"
        case .command: "a command"
        case .check: "a check"
        }
    }
}
