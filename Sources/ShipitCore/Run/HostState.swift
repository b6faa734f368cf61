/// How a stage's command ended on one host. Its text is kept in the journal and must hold no secret.
public enum HostEnd: Hashable, Sendable {
    case succeeded
    case exited(Int)
    case timedOut
    /// The command was not started there: the reason.
    case unreachable(String)
    /// The connection was lost after it had been made: the command may have been done, or go on.
    case unknown(String)

    /// Whether the command cannot have begun there.
    public var isUntouched: Bool { if case .unreachable = self { true } else { false } }

    /// For a person.
    public var words: String {
        switch self {
        case .succeeded: "succeeded"
        case .exited(let code): "exited with \(code)"
        case .timedOut: "ran out of time"
        case .unreachable(let why): "unreachable: \(why)"
        case .unknown(let why): "unknown: \(why)"
        }
    }
}

extension HostEnd {
    public init?(_ words: String) {
        let prefixes = ["exited with ", "unreachable: ", "unknown: "]
        let prefix = prefixes.first { words.hasPrefix($0) }
        let rest = String(words.dropFirst(prefix?.count ?? 0))
        switch (prefix, words) {
        case (nil, "succeeded"): self = .succeeded
        case (nil, "ran out of time"): self = .timedOut
        case ("exited with ", _):
            guard let code = Int(rest) else { return nil }
            self = .exited(code)
        case ("unreachable: ", _): self = .unreachable(rest)
        case ("unknown: ", _): self = .unknown(rest)
        default: return nil
        }
    }
}

/// Where one host of a stage stands in one of its parts.
public struct HostState: Hashable, Sendable {
    /// `nil` while the command runs there, and when nobody has said how it ended.
    public internal(set) var end: HostEnd?
    /// An attempt before this one may have begun there.
    var wasTouched = false
    /// It succeeded, and no attempt has failed since: the next attempt leaves it out.
    public internal(set) var isThrough = false

    /// The command may have begun there, in this attempt or in one before.
    public var isTouched: Bool { wasTouched || !(end?.isUntouched ?? false) }
}

extension RunState {
    /// Hosts are durable steps of their stage, named after them.
    mutating func startHost(_ name: String, _ attempt: AttemptID) {
        let stage = position(attempt.stage)
        guard plan.stages[stage].hosts != nil else { return }
        var host = HostState()
        if let before = stages[stage].hosts[attempt.part]?[name] { host.wasTouched = before.isTouched }
        stages[stage].hosts[attempt.part, default: [:]][name] = host
    }

    mutating func finishHost(_ name: String, _ attempt: AttemptID, _ result: String) {
        let stage = position(attempt.stage)
        guard stages[stage].hosts[attempt.part]?[name] != nil else { return }
        let end = HostEnd(result)
        stages[stage].hosts[attempt.part]![name]!.end = end
        stages[stage].hosts[attempt.part]![name]!.isThrough = end == .succeeded
    }

    /// After a failure the whole stage is repeated; after an interruption it goes on.
    mutating func endHosts(_ activity: Activity, _ verdict: Verdict) {
        guard verdict == .failed || verdict == .timedOut, let hosts = stages[activity.stage].hosts[activity.part] else {
            return
        }
        for name in hosts.keys { stages[activity.stage].hosts[activity.part]![name]!.isThrough = false }
    }
}
