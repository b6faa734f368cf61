public import ShipitCore
public import ShipitEngine

/// Asks a Redis server whether it is there, and for what it says about itself.
public struct RedisProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "redis", help: "Ask a Redis server (PING and INFO) at host:port.", subject: .text,
        fields: [
            FieldDescription("time", .condition(.time), help: "How long it may take to answer PING."),
            FieldDescription("role", .choice(["master", "replica"]), help: "What it must be."),
            FieldDescription(
                "used", .condition(.ratio), help: "Used memory, as a share of maxmemory or else of the machine's."),
            FieldDescription(
                "lag", .condition(.time),
                help: "Of a replica how long ago it heard its master, of a master its slowest replica's lag."),
            FieldDescription("replicas", .condition(.count), help: "A condition on how many replicas are connected."),
            FieldDescription(
                "info", .map, help: "Values or conditions by field of INFO, such as {used_memory: < 1000000}."),
            FieldDescription("user", .text, fallback: "default", help: "Who to log in as."),
            FieldDescription("password", .text, secret: true, help: "The password, where one is needed."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.onOwnThread { () throws(BadField) in
            let fields = Fields(request)
            let expected = try Expected(fields)
            let user = try fields.text("user")
            let password = try fields.text("password")
            let subject = try request.subjectText("redis", "host:port")
            guard let place = HostPort(subject) ?? HostPort("\(subject):6379") else {
                throw BadField("redis", "must be host:port")
            }
            let deadline = ContinuousClock.now + .milliseconds(request.timeout.milliseconds)
            switch Self.talk(to: place, user, password, needsInfo: expected.needsInfo, until: deadline) {
            case .failure(let trouble):
                let late = ContinuousClock.now >= deadline
                return late ? request.late : Measurement(.noAnswer(trouble.reason), evidence: "\(place)")
            case .success(let answer): return expected.judge(answer, place)
            }
        }
    }

    private struct Answer {
        var seconds: Double
        var info: [String: String]
    }

    private static func talk(
        to place: HostPort, _ user: String?, _ password: String?, needsInfo: Bool,
        until deadline: ContinuousClock.Instant
    ) -> Result<Answer, NoAnswer> {
        let start = ContinuousClock.now
        let connection: Connection
        switch Connection.open(place, until: deadline) {
        case .failure(let trouble): return .failure(NoAnswer(reason: trouble.words))
        case .success(let opened): connection = opened
        }
        defer { connection.close() }
        do throws(NoAnswer) {
            if let password {
                _ = try ask(["AUTH"] + (user.map { [$0] } ?? []) + [password], connection, deadline)
            }
            let pong = try ask(["PING"], connection, deadline)
            guard pong == "PONG" else { throw NoAnswer(reason: "it answered PING with \"\(Words.excerpt(pong))\"") }
            let seconds = (ContinuousClock.now - start).inSeconds
            guard needsInfo else { return .success(Answer(seconds: seconds, info: [:])) }
            var info: [String: String] = [:]
            for line in try ask(["INFO"], connection, deadline).split(whereSeparator: \.isNewline) {
                guard !line.hasPrefix("#"), let colon = line.firstIndex(of: ":") else { continue }
                info[String(line[..<colon])] = String(line[line.index(after: colon)...])
            }
            return .success(Answer(seconds: seconds, info: info))
        } catch {
            return .failure(error)
        }
    }

    /// One command and its reply: a simple text or a bulk one (RESP2).
    private static func ask(
        _ words: [String], _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) throws(NoAnswer) -> String {
        let command = "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
        guard connection.send(Array(command.utf8), until: deadline) else {
            throw NoAnswer(reason: "the connection was closed")
        }
        let bytes = connection.readBytes(until: deadline, limit: 1 << 20) { Reply($0) != .incomplete }
        switch Reply(bytes) {
        case .text(let text): return text
        case .error(let text): throw NoAnswer(reason: "it refused: \(Words.excerpt(text))")
        case .nonsense:
            throw NoAnswer(
                reason:
                    "it does not speak Redis: \"\(Words.excerpt(String(decoding: bytes.prefix(100), as: UTF8.self)))\"")
        case .incomplete: throw NoAnswer(reason: bytes.isEmpty ? "it said nothing" : "its answer has no end")
        }
    }

    private enum Reply: Equatable {
        case text(String), error(String), incomplete, nonsense

        init(_ bytes: [UInt8]) {
            guard let kind = bytes.first else { self = .incomplete; return }
            guard "+-$".utf8.contains(kind) else { self = .nonsense; return }
            guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")), end > 1, bytes[end - 1] == UInt8(ascii: "\r")
            else {
                // No first line is longer than this.
                self = bytes.count > 65_536 ? .nonsense : .incomplete
                return
            }
            let line = String(decoding: bytes[1..<(end - 1)], as: UTF8.self)
            switch kind {
            case UInt8(ascii: "+"): self = .text(line)
            case UInt8(ascii: "-"): self = .error(line)
            default:
                guard let size = Int(line), (0...(1 << 20)).contains(size) else { self = .nonsense; return }
                let rest = bytes[(end + 1)...]
                self = rest.count >= size + 2 ? .text(String(decoding: rest.prefix(size), as: UTF8.self)) : .incomplete
            }
        }
    }

    private struct Expected {
        var time: Limit?
        var role: String?
        var memory: Limit?
        var lag: Limit?
        var replicas: Limit?
        var info: [(key: String, wanted: Wanted)] = []

        var needsInfo: Bool { role != nil || memory != nil || lag != nil || replicas != nil || !info.isEmpty }

        init(_ fields: Fields) throws(BadField) {
            time = try fields.limit("time", in: .time)
            role = try fields.word("role", among: ["master", "replica"])
            memory = try fields.limit("used", in: .ratio)
            lag = try fields.limit("lag", in: .time)
            replicas = try fields.limit("replicas", in: .count)
            for (key, value) in try fields.map("info") {
                info.append((key, try Wanted(value, exactly: true, field: "info.\(key)")))
            }
        }

        func judge(_ answer: Answer, _ place: HostPort) -> Measurement {
            let info = answer.info
            func number(_ key: String) -> Double? { info[key].flatMap(Double.init) }
            var judgement = Judgement()
            var seen = ["PONG in \(Words.seconds(answer.seconds))"]
            let isReplica = info["role"] == "slave"
            if let found = info["role"] { seen.append("role \(isReplica ? "replica" : found)") }
            if let role, info["role"] != (role == "replica" ? "slave" : "master") {
                judgement.miss(
                    "role", "it is \(isReplica ? "a replica" : info["role"] ?? "of no known role"), expected \(role)")
            }
            let limit = number("maxmemory").flatMap { $0 > 0 ? $0 : nil } ?? number("total_system_memory")
            let used = number("used_memory").flatMap { used in limit.map { used / $0 } }
            if let used { seen.append("\(Words.ratio(used)) of its memory") }
            judgement.expect("used", memory, used, "it uses", Words.ratio, after: " of its memory")
            let behind = isReplica ? replicaLag(info) : masterLag(info)
            judgement.expect("lag", lag, behind, "it lags", Words.seconds)
            judgement.expect(
                "replicas", replicas, number("connected_slaves"), "it has", { Words.rounded($0, digits: 0) },
                after: " replicas")
            for (key, wanted) in self.info {
                guard let value = info[key] else {
                    judgement.miss("info", "INFO has no \(key), expected \(wanted.words)")
                    continue
                }
                // Numbers stay texts until they are compared.
                let found = Double(value).map(JSONValue.number) ?? .text(value)
                if !wanted.accepts(found) {
                    judgement.miss("info", "\(key) is \(Words.excerpt(value)), expected \(wanted.words)")
                }
            }
            judgement.expect("time", time, answer.seconds, "took", Words.seconds)
            return judgement.measurement(
                seconds: answer.seconds,
                number: memory != nil
                    ? used : lag != nil ? behind : replicas.flatMap { _ in number("connected_slaves") },
                evidence: "\(place): \(seen.joined(separator: ", "))")
        }

        /// A replica whose link is down lags for as long as it has been down.
        private func replicaLag(_ info: [String: String]) -> Double? {
            if info["master_link_status"] == "up" { return info["master_last_io_seconds_ago"].flatMap(Double.init) }
            return info["master_link_down_since_seconds"].flatMap(Double.init)
        }

        /// `slave0:ip=…,port=…,state=online,offset=…,lag=0`
        private func masterLag(_ info: [String: String]) -> Double? {
            info.filter { $0.key.hasPrefix("slave") && $0.value.contains("lag=") }.values.compactMap { line in
                line.split(separator: ",").first { $0.hasPrefix("lag=") }.flatMap { Double($0.dropFirst(4)) }
            }.max()
        }
    }
}
