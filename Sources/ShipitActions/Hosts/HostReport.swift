import ShipitCore
import ShipitEngine

/// How a command ended on the hosts of a stage, and what that makes of the stage.
struct HostReport {
    let command: String
    let work: HostWork
    var ends: [(host: Host, end: HostEnd)] = []
    var notBegun: [Host] = []

    private var limit: Int { work.order.maxFailures }

    private var failed: [(host: Host, end: HostEnd)] {
        inOrder.filter { entry in
            switch entry.end {
            case .exited, .unreachable: true
            case .succeeded, .timedOut, .unknown: false
            }
        }
    }

    private var inOrder: [(host: Host, end: HostEnd)] {
        let hosts = work.order.hosts
        return ends.sorted { hosts.firstIndex(of: $0.host) ?? 0 < hosts.firstIndex(of: $1.host) ?? 0 }
    }

    private var succeeded: [Host] {
        work.order.hosts.filter { host in
            work.through.contains(host.name) || ends.contains { $0.host == host && $0.end == .succeeded }
        }
    }

    /// Whether nothing new may begin: the limit is reached, the time is up, or nobody knows what one of the hosts does.
    var mustStop: Bool {
        failed.count >= limit
            || ends.contains { entry in
                switch entry.end {
                case .timedOut, .unknown: true
                case .succeeded, .exited, .unreachable: false
                }
            }
    }

    // MARK: Verdicts

    /// Fewer failures than the limit are borne, but not that no host succeeded.
    func judge() throws(ActionError) {
        try judgeUncertain()
        let failed = failed
        guard !failed.isEmpty, failed.count >= limit || succeeded.isEmpty else { return }
        throw failure(failed)
    }

    /// Of an undo and a `finally`: everywhere or it has failed.
    func judgeAll() throws(ActionError) {
        try judgeUncertain()
        if !failed.isEmpty { throw failure(failed) }
    }

    /// What is not known comes first: as long as a command may go on, the stage has neither succeeded nor failed.
    private func judgeUncertain() throws(ActionError) {
        let unknown = inOrder.filter { if case .unknown = $0.end { true } else { false } }
        if !unknown.isEmpty {
            let others = failed.isEmpty ? "" : "; \(Self.words(failed))"
            throw .command(.unknown, what: "\(command) on \(Self.words(unknown, separator: " "))\(others)")
        }
        let late = inOrder.filter { $0.end == .timedOut }.map(\.host.name)
        if !late.isEmpty { throw .command(.timedOut, what: "\(command) on \(Self.list(late))") }
    }

    /// Of a `verify:`: done where every host says so, not done where one says that.
    func answer() throws(ActionError) -> [String: String] {
        let others = inOrder.filter { $0.end != .succeeded && $0.end != .exited(1) }
        if !others.isEmpty { throw .commands(exit: nil, Self.words(others)) }
        let notDone = inOrder.filter { $0.end == .exited(1) }.map(\.host.name)
        if !notDone.isEmpty { throw .command(.exited(1), what: "\(command) on \(Self.list(notDone))") }
        return [:]
    }

    private func failure(_ failed: [(host: Host, end: HostEnd)]) -> ActionError {
        let all = work.order.hosts.count
        var reason = "\(failed.count) of \(all) host\(all == 1 ? "" : "s") failed: \(Self.words(failed))"
        if !notBegun.isEmpty { reason += "; not begun on \(Self.list(notBegun.map(\.name)))" }
        let codes: [Int] = failed.compactMap { if case .exited(let code) = $0.end { code } else { nil } }
        return .commands(exit: codes.first, reason)
    }

    // MARK: Success

    /// For the log, where a stage succeeds though hosts failed.
    var borneFailures: String? {
        failed.isEmpty ? nil : "borne, because max-failures is \(limit): \(Self.words(failed))"
    }

    var outputs: [String: String] {
        [
            "hosts": succeeded.map(\.name).joined(separator: ","),
            "failed-hosts": failed.map(\.host.name).joined(separator: ","),
        ]
    }

    // MARK: Words

    private static let shown = 10

    private static func words(_ entries: [(host: Host, end: HostEnd)], separator: String = " ") -> String {
        let words = entries.prefix(shown).map { "\($0.host.name)\(separator)\($0.end.words)" }
        let rest = entries.count - words.count
        return words.joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
    }

    private static func list(_ names: [String]) -> String {
        let rest = names.count - min(names.count, shown)
        return names.prefix(shown).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}
