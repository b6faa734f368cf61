import ShipitCore

/// Where each host of a stage stands.
enum HostRows {
    struct Row: Equatable {
        var host: Host
        /// From 1.
        var batch: Int
        var state: Word
        /// Why it is as it is, where there is something to say.
        var reason: String?
    }

    enum Word: String {
        case pending, running, succeeded, failed, unknown
    }

    static func rows(_ stage: PlannedStage, _ state: StageState, part: Part = .perform, in view: RunView) -> [Row] {
        guard let order = stage.hosts else { return [] }
        let known = state.hosts[part] ?? [:]
        return order.batches.enumerated().flatMap { number, batch in
            batch.map { host in
                let (word, reason) = words(known[host.name], state[part], in: view)
                return Row(host: host, batch: number + 1, state: word, reason: reason)
            }
        }
    }

    private static func words(_ host: HostState?, _ part: PartState, in view: RunView) -> (Word, String?) {
        guard let host else { return (.pending, nil) }
        switch host.end {
        case .succeeded: return (.succeeded, nil)
        case .exited, .timedOut, .unreachable: return (.failed, host.end?.words)
        case .unknown(let why): return (.unknown, why)
        case nil:
            return StageWord(part, in: view) == .running ? (.running, nil) : (.unknown, "nobody knows how it ended")
        }
    }

    // MARK: For programs

    static func json(_ order: HostOrder) -> JSONValue {
        .members([
            "group": .string(order.group),
            "batches": .array(
                order.batches.map { batch in
                    .array(batch.map { .members(["name": .string($0.name), "ssh": .string($0.destination)]) })
                }),
            "maxFailures": .integer(Int64(order.maxFailures)),
            "maxParallel": .integer(Int64(order.maxParallel)),
            "sshConfig": .text(order.sshConfig),
        ])
    }

    /// `nil` for a stage that runs here.
    static func json(
        _ stage: PlannedStage, _ state: StageState, part: Part = .perform, in view: RunView
    ) -> JSONValue? {
        guard stage.hosts != nil else { return nil }
        return .array(
            rows(stage, state, part: part, in: view).map { row in
                .members([
                    "name": .string(row.host.name), "ssh": .string(row.host.destination),
                    "batch": .integer(Int64(row.batch)), "state": .string(row.state.rawValue),
                    "reason": .text(row.reason),
                ])
            })
    }

    // MARK: For people

    /// Of a plan: which hosts, in which batches, and how many may fail.
    static func plan(_ order: HostOrder) -> [String] {
        let count = order.hosts.count
        var lines = ["\(order.group): \(Words.count(count, "host")) over ssh, at most \(order.maxParallel) at once"]
        if let config = order.sshConfig { lines[0] += ", by \(config)" }
        lines[0] += order.maxFailures == 1 ? "; one that fails stops it" : "; \(order.maxFailures) that fail stop it"
        for (number, batch) in order.batches.enumerated() {
            let names = batch.map { $0.name == $0.place ? $0.destination : "\($0.name) (\($0.destination))" }
            lines.append("batch \(number + 1): " + names.joined(separator: ", "))
        }
        return lines.map { SafeText.line($0) }
    }

    private static let shown = 20

    /// Of a status: the hosts that are not through, under their stage.
    static func add(_ rows: [Row], to table: inout Table) {
        let open = rows.filter { $0.state != .succeeded && $0.state != .pending }
        for row in open.prefix(shown) {
            table.add(
                "  " + SafeText.line(row.host.name), row.state.rawValue, "", "", SafeText.joined(row.reason ?? ""))
        }
        if open.count > shown { table.add("  and \(open.count - shown) more hosts", "", "", "", "") }
    }
}
