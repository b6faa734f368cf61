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
    private var redirect: TextPattern?

    init(_ fields: Fields) throws(BadField) {
        status = try fields.number("status")
        acceptsRedirect = fields.contains(HTTPProbe.acceptRedirect)
        body = try fields.pattern("body")
        time = try fields.limit("time", in: .time)
        redirect = try fields.pattern("redirect")
        for (key, value) in try fields.map("json") {
            json.append((try JSONPath(key), try Wanted(value, exactly: true, field: "json.\(key)")))
        }
        for (key, value) in try fields.map("header") {
            headers.append((key, try Wanted(value, exactly: false, field: "header.\(key)")))
        }
    }

    /// Everything that is not as expected.
    func judge(_ answer: HTTPAnswer) -> Judgement {
        var judgement = Judgement()
        if let trouble = statusTrouble(answer.status) { judgement.miss("status", trouble) }
        if let redirect { judge(redirect: redirect, answer, &judgement) }
        for (name, wanted) in headers {
            let values = answer.headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
            if values.isEmpty {
                judgement.miss("header", "header \(name) is missing, expected \(wanted.words)")
            } else if !values.contains(where: { wanted.accepts(.text($0)) }) {
                judgement.miss("header", "header \(name) is \"\(Words.excerpt(values[0]))\", expected \(wanted.words)")
            }
        }
        if let body, !body.matches(String(decoding: answer.body, as: UTF8.self)) {
            judgement.miss("body", "the body lacks \(body.words)")
        }
        if let trouble = jsonTrouble(answer.body) { judgement.miss("json", trouble) }
        judgement.expect("time", time, answer.seconds, "took", Words.seconds)
        return judgement
    }

    private func judge(redirect: TextPattern, _ answer: HTTPAnswer, _ judgement: inout Judgement) {
        let places = answer.headers.filter { $0.name.lowercased() == "location" }.map(\.value)
        if !(300..<400).contains(answer.status) || places.isEmpty {
            judgement.miss("redirect", "leads nowhere, expected to \(redirect.words)")
        } else if !places.contains(where: redirect.matches) {
            judgement.miss("redirect", "leads to \(Words.excerpt(places[0])), expected \(redirect.words)")
        }
    }

    private func statusTrouble(_ found: Int) -> String? {
        if let status { return found == status ? nil : "status \(found), expected \(status)" }
        let takesRedirect = acceptsRedirect || redirect != nil
        if (200..<300).contains(found) || takesRedirect && (300..<400).contains(found) { return nil }
        return "status \(found), expected \(takesRedirect ? "2xx or 3xx" : "2xx")"
    }

    private func jsonTrouble(_ body: [UInt8]) -> String? {
        guard !json.isEmpty else { return nil }
        guard let document = JSONValue(parsing: body) else { return "the body is not JSON" }
        return JSONExpectation(json).trouble(with: document)
    }
}

/// Values or conditions by path.
struct JSONExpectation: Sendable {
    private var wanted: [(path: JSONPath, wanted: Wanted)]

    init(_ wanted: [(path: JSONPath, wanted: Wanted)]) { self.wanted = wanted }

    init(_ fields: Fields) throws(BadField) {
        wanted = []
        for (key, value) in try fields.map("json") {
            wanted.append((try JSONPath(key), try Wanted(value, exactly: true, field: "json.\(key)")))
        }
    }

    /// Everything that is not as expected; `nil` when all is.
    func trouble(with document: JSONValue) -> String? {
        var troubles: [String] = []
        for (path, wanted) in wanted {
            guard let value = path.value(in: document) else {
                troubles.append("the JSON has no \(path), expected \(wanted.words)")
                continue
            }
            if !wanted.accepts(value) {
                troubles.append("\(path) is \(Words.excerpt(value.words)), expected \(wanted.words)")
            }
        }
        return troubles.isEmpty ? nil : troubles.joined(separator: "; ")
    }

    /// The number at the first path; `nil` where there is none.
    func number(in document: JSONValue) -> Double? { wanted.first?.path.value(in: document)?.number }
}

/// A condition on a number, or a text.
struct Wanted: Sendable {
    private enum Kind {
        case limit(Limit)
        /// Of a directive such as `max-age=31536000`.
        case directive(String, Limit)
        case exactly(String)
        case pattern(TextPattern)
    }

    private let kind: Kind

    init(_ written: String, exactly: Bool, field: String) throws(BadField) {
        if let first = written.first, "<>=".contains(first) {
            kind = .limit(try Limit(written, in: nil, field: field))
        } else if !exactly, let match = written.wholeMatch(of: /([A-Za-z][A-Za-z0-9_-]*) *((?:<=|>=|==|<|>) *[0-9.-]+)/)
        {
            kind = .directive(
                String(match.output.1), try Limit(String(match.output.2), in: .count, field: field))
        } else if exactly, !written.hasPrefix("/") {
            kind = .exactly(written)
        } else {
            kind = .pattern(try TextPattern(written, field: field))
        }
    }

    func accepts(_ value: JSONValue) -> Bool {
        switch kind {
        case .limit(let limit): value.number.map(limit.holds) ?? false
        case .directive(let name, let limit): Self.directive(name, in: value.words).map(limit.holds) ?? false
        case .exactly(let text):
            value.words == text || value.isNumber && Double(text) != nil && value.number == Double(text)
        case .pattern(let pattern): pattern.matches(value.words)
        }
    }

    /// The number that a header such as `max-age=600; includeSubDomains` gives a directive.
    private static func directive(_ name: String, in header: String) -> Double? {
        for part in header.split(whereSeparator: { $0 == ";" || $0 == "," }) {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace && $0 != "\"" } }
            if pair.count == 2, pair[0].lowercased() == name.lowercased() { return Double(pair[1]) }
        }
        return nil
    }

    var words: String {
        switch kind {
        case .limit(let limit): limit.written
        case .directive(let name, let limit): "\(name) \(limit.written)"
        case .exactly(let text): text
        case .pattern(let pattern): pattern.words
        }
    }
}
