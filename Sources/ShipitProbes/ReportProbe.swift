import FoundationEssentials
public import ShipitCore
public import ShipitEngine

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Reads the report that another tool has written.
public struct ReportProbe: Probe {
    public init() {}

    private static let figures: [(name: String, dimension: Dimension, help: String)] = [
        ("tests", .count, "junit, k6 (its checks): how many there are. None is a failure."),
        ("failures", .count, "junit, k6 (its checks): how many failed. Without it, and for these, none may."),
        ("skipped", .count, "junit: how many were left out."),
        ("coverage", .ratio, "lcov, cobertura: the share of lines."),
        ("branches", .ratio, "lcov, cobertura: the share of branches."),
        ("requests", .count, "k6: how many there were."),
        ("p50", .time, "k6: the median time of a request."), ("p95", .time, "k6: the 95th percentile."),
        ("p99", .time, "k6: the 99th percentile; export it with --summary-trend-stats."),
        ("error-rate", .ratio, "k6: the share of requests that failed."),
        ("critical", .count, "snyk: how many findings."), ("high", .count, "zap, snyk: how many findings."),
        ("medium", .count, "zap, snyk: how many findings."), ("low", .count, "zap, snyk: how many findings."),
        ("errors", .count, "sarif: how many results of this level."),
        ("warnings", .count, "sarif: how many results of this level."),
        ("notes", .count, "sarif: how many results of this level."),
        ("performance", .ratio, "lighthouse: the score."), ("accessibility", .ratio, "lighthouse: the score."),
        ("best-practices", .ratio, "lighthouse: the score."), ("seo", .ratio, "lighthouse: the score."),
    ]

    public let description = ProbeDescription(
        name: "report", help: "Read the report that another tool has written; of a glob, the newest.", subject: .path,
        fields: [
            FieldDescription(
                "format", .choice(ReportFigures.formats.keys.sorted()), required: true,
                help: "Which tool's report it is."),
            FieldDescription("age", .condition(.time), help: "A condition on how long ago it was written."),
            FieldDescription("json", .map, help: "json: values or conditions by path, such as {summary.failed: == 0}."),
        ] + figures.map { FieldDescription($0.name, .condition($0.dimension), help: $0.help) }, samples: false)

    /// Larger files are refused, not read in part: what is missing could be the bad news.
    private static let sizeLimit = 64 << 20

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.onOwnThread { () throws(BadField) in
            let fields = Fields(request)
            let age = try fields.limit("age", in: .time)
            let wanted = try JSONExpectation(fields)
            var limits: [(name: String, dimension: Dimension, limit: Limit)] = []
            for figure in Self.figures {
                if let limit = try fields.limit(figure.name, in: figure.dimension) {
                    limits.append((figure.name, figure.dimension, limit))
                }
            }
            let formats = ReportFigures.formats
            guard let format = try fields.word("format", among: formats.keys.sorted()), let read = formats[format]
            else {
                throw BadField("format", "is missing")
            }
            let pattern = try request.subjectText("report", "a path")
            let isJUnit = format == "junit"
            guard isJUnit || age != nil || fields.contains("json") || !limits.isEmpty else {
                throw BadField("report", "needs a condition: nothing says what would be wrong")
            }
            if fields.contains("json"), format != "json" { throw BadField("json", "belongs to format: json") }
            let found: FileProbe.Found
            switch FileProbe.newest(pattern, in: request.directory) {
            case .failure(let trouble):
                return Measurement(.noAnswer("\(pattern): \(trouble.reason)"), evidence: pattern)
            case .success(nil): return Measurement(.noAnswer("\(pattern) does not exist"), evidence: pattern)
            case .success(let newest?): found = newest
            }
            guard found.size <= Double(Self.sizeLimit) else {
                return Measurement(
                    .noAnswer("\(found.path) is larger than \(Words.bytes(Double(Self.sizeLimit)))"),
                    evidence: found.path)
            }
            guard let data = FileManager.default.contents(atPath: request.absolute(found.path)) else {
                return Measurement(.noAnswer("\(found.path) cannot be read"), evidence: found.path)
            }
            let bytes = Array(data)
            switch read(bytes) {
            case .failure(let trouble):
                return Measurement(.noAnswer("\(found.path): \(trouble.reason)"), evidence: found.path)
            case .success(let figures):
                return Self.judge(figures, limits, age, wanted, found, format: format, bytes: bytes)
            }
        }
    }

    private static func judge(
        _ figures: [String: Double], _ limits: [(name: String, dimension: Dimension, limit: Limit)], _ age: Limit?,
        _ wanted: JSONExpectation, _ found: FileProbe.Found, format: String, bytes: [UInt8]
    ) -> Measurement {
        var judgement = Judgement()
        let seconds = max(0, FileProbe.now() - found.modified)
        judgement.expect("age", age, seconds, "it was written", Words.seconds, after: " ago")
        for (name, value) in figures { judgement.measured(name, value) }
        for (name, dimension, limit) in limits {
            guard let value = figures[name] else {
                judgement.miss(name, "the \(format) report has no \(name), expected \(limit.written)")
                continue
            }
            judgement.expect(name, limit, value, "\(name) is", { word($0, dimension) })
        }
        if let tests = figures["tests"], tests == 0, !limits.contains(where: { $0.name == "tests" }) {
            judgement.miss("tests", "there is not a single test in it")
        }
        if format == "junit", let failures = figures["failures"], failures > 0,
            !limits.contains(where: { $0.name == "failures" })
        {
            judgement.miss(
                "failures",
                "\(Words.rounded(failures, digits: 0)) of \(Words.rounded(figures["tests"] ?? 0, digits: 0)) tests failed"
            )
        }
        var number = limits.first.flatMap { figures[$0.name] }
        if format == "json", let document = JSONValue(parsing: bytes) {
            if let trouble = wanted.trouble(with: document) { judgement.miss("json", trouble) }
            number = number ?? wanted.number(in: document)
        }
        let seen = Self.figures.compactMap { figure in
            figures[figure.name].map { "\(figure.name) \(word($0, figure.dimension))" }
        }
        let said = ([format] + seen + ["written \(Words.seconds(seconds)) ago"]).joined(separator: ", ")
        return judgement.measurement(number: number, evidence: "\(found.path): \(said)")
    }

    private static func word(_ value: Double, _ dimension: Dimension) -> String {
        switch dimension {
        case .time: Words.seconds(value)
        case .size: Words.bytes(value)
        case .ratio: Words.ratio(value)
        case .count: Words.rounded(value, digits: 3)
        }
    }
}
