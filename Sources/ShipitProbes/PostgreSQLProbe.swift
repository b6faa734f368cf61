public import ShipitCore
public import ShipitEngine

/// Connects to a PostgreSQL server, and asks a query where there is one; by `psql`, which is where people try it, too.
public struct PostgreSQLProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "postgresql", help: "Connect to PostgreSQL and ask a query, by psql.", subject: .text,
        fields: [
            FieldDescription(
                "query", .text, fallback: "select 1", help: "One statement; it is asked in a read-only transaction."),
            FieldDescription(
                "value", .textOrPattern, help: "What the first column of the first row must contain, or /regex/."),
            FieldDescription("number", .condition(.count), help: "A condition on the number that it is."),
            FieldDescription("rows", .condition(.count), help: "A condition on how many rows there are."),
            FieldDescription(
                "time", .condition(.time), help: "How long connecting and asking may take, with psql's own start."),
            FieldDescription("password", .text, secret: true, help: "The password, where one is needed."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.asked { () async throws(BadField) in
            let fields = Fields(request)
            let query = try fields.text("query") ?? "select 1"
            let value = try fields.pattern("value")
            let number = try fields.limit("number", in: .count)
            let rows = try fields.limit("rows", in: .count)
            let time = try fields.limit("time", in: .time)
            let password = try fields.text("password")
            let place = try request.subjectText("postgresql", "a connection string, such as host=… dbname=…")
            guard !Self.holdsPassword(place) else {
                throw BadField("postgresql", "holds a password, which everybody would see: write it under password:")
            }
            // What the process list shows is the place and the query; the password goes by the environment.
            var environment = [
                "PGCONNECT_TIMEOUT": String(max(1, Int(request.timeout.seconds.rounded(.up)))), "PGAPPNAME": "shipit",
                "PGOPTIONS": "-c default_transaction_read_only=on -c statement_timeout=\(request.timeout.milliseconds)",
            ]
            if let password { environment["PGPASSWORD"] = password }
            let argv = ["psql", "-XAtqw", "-F", "\u{1F}", "-v", "ON_ERROR_STOP=1", "-d", place, "-c", query]
            let result: ChildProcess.Result
            switch await request.run(argv, environment) {
            case .failure(let trouble):
                return Measurement(.noAnswer(trouble.reason), evidence: "\(place): \(Words.excerpt(query))")
            case .success(let ended): result = ended
            }
            let lines = result.output.split(separator: "\n", omittingEmptySubsequences: true)
            let first = lines.first.map { String($0.split(separator: "\u{1F}", omittingEmptySubsequences: false)[0]) }
            let evidence =
                "\(Words.excerpt(query)): \(first.map { Words.excerpt($0) } ?? "nothing") in \(Words.seconds(result.seconds))"
            guard result.isSuccess else { return Measurement(.noAnswer(Self.complaint(result)), evidence: evidence) }
            let found = first.flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }
            var judgement = Judgement()
            if let value, !(first.map(value.matches) ?? false) {
                judgement.miss(
                    "value", "it is \(first.map { "\"\(Words.excerpt($0))\"" } ?? "nothing"), expected \(value.words)")
            }
            judgement.expect("number", number, found, "it is", { Words.rounded($0, digits: 6) })
            judgement.expect(
                "rows", rows, Double(lines.count), "there are", { Words.rounded($0, digits: 0) }, after: " rows")
            judgement.expect("time", time, result.seconds, "took", Words.seconds)
            return judgement.measurement(seconds: result.seconds, number: found, evidence: evidence)
        }
    }

    /// psql says first what is wrong, and then what could be done.
    private static func complaint(_ result: ChildProcess.Result) -> String {
        let words = Words.excerpt(String(decoding: result.standardError, as: UTF8.self))
        return words.isEmpty ? "psql failed and said nothing" : words
    }

    private static func holdsPassword(_ place: String) -> Bool {
        if place.contains("password=") { return true }
        guard let authority = place.split(separator: "://", maxSplits: 1).dropFirst().first else { return false }
        let host = authority.prefix { $0 != "/" }
        return host.lastIndex(of: "@").map { host[..<$0].contains(":") } ?? false
    }
}
