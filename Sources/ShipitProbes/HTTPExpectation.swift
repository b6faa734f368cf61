import ShipitCore
import ShipitEngine

/// What an answer must be like.
struct HTTPExpectation: Sendable {
    private var status: Int?
    private var acceptsRedirect: Bool
    private var body: TextPattern?
    private var json: [(path: JSONPath, wanted: Wanted)] = []
    private var headers: [(name: String, wanted: Wanted)] = []
    private var time: Limit?

    init(_ fields: Fields) throws(BadField) {
        status = try fields.number("status")
        acceptsRedirect = fields.contains(HTTPProbe.acceptRedirect)
        body = try fields.pattern("body")
        time = try fields.limit("time", in: .time)
        for (key, value) in try fields.map("json") {
            json.append((try JSONPath(key), try Wanted(value, exactly: true, field: "json.\(key)")))
        }
        for (key, value) in try fields.map("header") {
            headers.append((key, try Wanted(value, exactly: false, field: "header.\(key)")))
        }
    }

    /// The first thing that is not as expected; `nil` when all is well.
    func trouble(with answer: HTTPAnswer) -> String? {
        if let trouble = statusTrouble(answer.status) { return trouble }
        for (name, wanted) in headers {
            let values = answer.headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
            guard let value = values.first else { return "header \(name) is missing, expected \(wanted.words)" }
            if !values.contains(where: { wanted.accepts(.text($0)) }) {
                return "header \(name) is \"\(Words.excerpt(value))\", expected \(wanted.words)"
            }
        }
        if let body, !body.matches(String(decoding: answer.body, as: UTF8.self)) {
            return "the body lacks \(body.words)"
        }
        if let trouble = jsonTrouble(answer.body) { return trouble }
        if let time, !time.holds(answer.seconds) {
            return "took \(Words.seconds(answer.seconds)), expected \(time.written)"
        }
        return nil
    }

    private func statusTrouble(_ found: Int) -> String? {
        if let status { return found == status ? nil : "status \(found), expected \(status)" }
        if (200..<300).contains(found) || acceptsRedirect && (300..<400).contains(found) { return nil }
        return "status \(found), expected \(acceptsRedirect ? "2xx or 3xx" : "2xx")"
    }

    private func jsonTrouble(_ body: [UInt8]) -> String? {
        guard !json.isEmpty else { return nil }
        guard let document = JSONValue(parsing: body) else { return "the body is not JSON" }
        for (path, wanted) in json {
            guard let value = path.value(in: document) else {
                return "the JSON has no \(path), expected \(wanted.words)"
            }
            if !wanted.accepts(value) { return "\(path) is \(Words.excerpt(value.words)), expected \(wanted.words)" }
        }
        return nil
    }
}

/// A condition on a number, or a text.
private struct Wanted {
    private enum Kind {
        case limit(Limit)
        case exactly(String)
        case pattern(TextPattern)
    }

    private let kind: Kind

    init(_ written: String, exactly: Bool, field: String) throws(BadField) {
        if let first = written.first, "<>=".contains(first) {
            kind = .limit(try Limit(written, in: nil, field: field))
        } else if exactly, !written.hasPrefix("/") {
            kind = .exactly(written)
        } else {
            kind = .pattern(try TextPattern(written, field: field))
        }
    }

    func accepts(_ value: JSONValue) -> Bool {
        switch kind {
        case .limit(let limit): value.number.map(limit.holds) ?? false
        case .exactly(let text):
            value.words == text || value.isNumber && Double(text) != nil && value.number == Double(text)
        case .pattern(let pattern): pattern.matches(value.words)
        }
    }

    var words: String {
        switch kind {
        case .limit(let limit): limit.written
        case .exactly(let text): text
        case .pattern(let pattern): pattern.words
        }
    }
}
