/// What the reports of other tools say, in the figures that conditions can be put on.
enum ReportFigures {
    static let formats: [String: @Sendable ([UInt8]) -> Result<[String: Double], NoAnswer>] = [
        "junit": junit, "k6": json(k6), "zap": json(zap), "snyk": json(snyk), "sarif": json(sarif), "lcov": lcov,
        "cobertura": cobertura, "lighthouse": json(lighthouse), "json": json { _ in [:] },
    ]

    private static func failure(_ reason: String) -> Result<[String: Double], NoAnswer> {
        .failure(NoAnswer(reason: reason))
    }

    /// A reader of JSON; it gives `nil` for what is not of its format.
    private static func json(
        _ figures: @escaping @Sendable (JSONValue) -> [String: Double]?
    ) -> @Sendable ([UInt8]) -> Result<[String: Double], NoAnswer> {
        { bytes in
            guard let document = JSONValue(parsing: bytes) else { return failure("it is not JSON") }
            guard let found = figures(document) else { return failure("it is JSON, but no such report") }
            return .success(found)
        }
    }

    // MARK: Tests and coverage

    @Sendable private static func junit(_ bytes: [UInt8]) -> Result<[String: Double], NoAnswer> {
        guard let document = XMLTags(bytes) else { return failure("it is not whole XML") }
        guard ["testsuites", "testsuite"].contains(document.tags[0].name) else {
            return failure("it is XML, but no JUnit report")
        }
        // Counted, not believed: what suites say of themselves is often wrong where they are nested.
        let cases = document.tags.count { $0.name == "testcase" }
        func inCases(_ name: String) -> Double {
            Double(document.tags.count { $0.name == name && $0.within.last == "testcase" })
        }
        let (failures, errors) = (inCases("failure"), inCases("error"))
        // A suite that could not even begin has an error of its own.
        let own = Double(document.tags.count { $0.name == "error" && $0.within.last == "testsuite" })
        return .success([
            "tests": Double(cases), "failures": failures + errors + own, "skipped": inCases("skipped"),
        ])
    }

    @Sendable private static func cobertura(_ bytes: [UInt8]) -> Result<[String: Double], NoAnswer> {
        guard let document = XMLTags(bytes) else { return failure("it is not whole XML") }
        let root = document.tags[0]
        guard root.name == "coverage", let lines = root.attributes["line-rate"].flatMap(Double.init) else {
            return failure("it is XML, but no Cobertura report")
        }
        // Nothing that could be covered is no coverage.
        if root.attributes["lines-valid"] == "0" { return failure("no data: it covers no lines") }
        var figures = ["coverage": lines]
        if let branches = root.attributes["branch-rate"].flatMap(Double.init), root.attributes["branches-valid"] != "0"
        {
            figures["branches"] = branches
        }
        return .success(figures)
    }

    @Sendable private static func lcov(_ bytes: [UInt8]) -> Result<[String: Double], NoAnswer> {
        var sums: [Substring: Double] = [:]
        var ends = 0
        var isOpen = false
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            if line == "end_of_record" {
                ends += 1
                isOpen = false
                continue
            }
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = line[..<colon]
            if key == "SF" { isOpen = true }
            if ["LF", "LH", "BRF", "BRH"].contains(key), let value = Double(line[line.index(after: colon)...]) {
                sums[key, default: 0] += value
            }
        }
        guard ends > 0 else { return failure("it is no lcov report") }
        guard !isOpen else { return failure("it is cut off") }
        guard let found = sums["LF"], found > 0, let hit = sums["LH"] else {
            return failure("no data: it covers no lines")
        }
        var figures = ["coverage": hit / found]
        if let found = sums["BRF"], found > 0, let hit = sums["BRH"] { figures["branches"] = hit / found }
        return .success(figures)
    }

    // MARK: Load and pages

    /// The summary of k6: what `--summary-export` writes, and what `handleSummary` is given.
    @Sendable private static func k6(_ document: JSONValue) -> [String: Double]? {
        guard let metrics = document["metrics"] else { return nil }
        func figure(_ metric: String, _ names: [String]) -> Double? {
            guard let found = metrics[metric] else { return nil }
            let values = found["values"] ?? found
            return names.lazy.compactMap { values[$0]?.number }.first
        }
        var figures: [String: Double] = [:]
        for (field, names) in [("p50", ["p(50)", "med"]), ("p95", ["p(95)"]), ("p99", ["p(99)"])] {
            figures[field] = figure("http_req_duration", names).map { $0 / 1000 }
        }
        figures["error-rate"] = figure("http_req_failed", ["rate", "value"])
        figures["requests"] = figure("http_reqs", ["count"])
        // Percentiles of no request are zeros.
        if figures["requests"] == 0 { return ["requests": 0] }
        if let passes = figure("checks", ["passes"]), let fails = figure("checks", ["fails"]) {
            figures["tests"] = passes + fails
            figures["failures"] = fails
        }
        return figures
    }

    @Sendable private static func lighthouse(_ document: JSONValue) -> [String: Double]? {
        guard case .object(let categories)? = document["categories"] else { return nil }
        var figures: [String: Double] = [:]
        for (name, category) in categories { figures[name] = category["score"]?.number }
        return figures
    }

    // MARK: Findings

    /// OWASP ZAP's JSON report: alerts by risk, 3 is high.
    @Sendable private static func zap(_ document: JSONValue) -> [String: Double]? {
        let sites: [JSONValue]
        switch document["site"] {
        case .list(let list)?: sites = list
        case .object(let only)?: sites = [.object(only)]
        default: return nil
        }
        guard !sites.isEmpty else { return nil }
        var figures = ["high": 0.0, "medium": 0, "low": 0]
        for site in sites {
            guard case .list(let alerts)? = site["alerts"] else { return nil }
            for alert in alerts {
                switch alert["riskcode"]?.words {
                case "3": figures["high"]! += 1
                case "2": figures["medium"]! += 1
                case "1": figures["low"]! += 1
                case "0": continue
                // A risk that nobody knows must not look like none.
                default: return nil
                }
            }
        }
        return figures
    }

    /// `snyk test --json`, of one project or of several.
    @Sendable private static func snyk(_ document: JSONValue) -> [String: Double]? {
        let projects = if case .list(let list) = document { list } else { [document] }
        guard !projects.isEmpty else { return nil }
        var figures = ["critical": 0.0, "high": 0, "medium": 0, "low": 0]
        for project in projects {
            guard case .list(let found)? = project["vulnerabilities"] else { return nil }
            // One flaw on several paths is listed several times.
            var seen: Set<String> = []
            for flaw in found {
                guard let severity = flaw["severity"]?.words, figures[severity] != nil else { return nil }
                if let id = flaw["id"]?.words, !seen.insert(id).inserted { continue }
                figures[severity]! += 1
            }
        }
        return figures
    }

    @Sendable private static func sarif(_ document: JSONValue) -> [String: Double]? {
        guard case .list(let runs)? = document["runs"], !runs.isEmpty else { return nil }
        var figures = ["errors": 0.0, "warnings": 0, "notes": 0]
        for run in runs {
            // A run without results has not looked (SARIF 3.14.23).
            guard case .list(let results)? = run["results"] else { return nil }
            for result in results {
                // What was looked at and accepted counts no more.
                if case .list(let suppressions)? = result["suppressions"], !suppressions.isEmpty { continue }
                switch result["level"]?.words ?? "warning" {
                case "error": figures["errors"]! += 1
                case "warning": figures["warnings"]! += 1
                case "note": figures["notes"]! += 1
                default: continue
                }
            }
        }
        return figures
    }
}

extension JSONValue {
    /// A member of an object; `nil` for anything else.
    subscript(_ key: String) -> JSONValue? {
        if case .object(let members) = self { return members[key] }
        return nil
    }
}
