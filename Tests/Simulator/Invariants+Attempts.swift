import ShipitCore

/// Attempts, their budgets and their steps.
extension Invariants {
    mutating func started(_ attempt: AttemptID, at now: Instant) throws(Violation) {
        let part = stages[attempt.stage]!.parts[attempt.part]!
        let retry = planned[attempt.stage]!.retry
        try demand(.journal, attempt.number == part.attempts + 1, "\(attempt.text) after attempt \(part.attempts)")
        try demand(.noRepetition, !part.inFlight, "\(attempt.text) while the attempt before is in flight")
        try demand(.noRepetition, !part.succeeded, "\(attempt.text) after its success")
        try demand(
            .noRepetition, !part.isUnknown || isRepeatable(attempt),
            "\(attempt.text) while the attempt before is in doubt")
        try demand(
            .attempts, part.failures < retry.attempts, "\(attempt.text) past its budget of \(retry.attempts)")
        try demand(.rules, inFlight.count < jobs, "\(attempt.text) is one more than \(jobs) jobs")
        switch attempt.part {
        case .perform:
            try mayPerform(attempt)
            try mayStart(planned[attempt.stage]!, hasChanged: hasChanged, at: now)
        case .undo: try mayUndo(attempt)
        case .finally: try mayFinish(attempt)
        case .rollbackCheck: try mayCheckRollback(attempt)
        }
        stages[attempt.stage]!.parts[attempt.part]!.attempts += 1
        stages[attempt.stage]!.parts[attempt.part]!.inFlight = true
        stages[attempt.stage]!.parts[attempt.part]!.mayRepeat = false
        if part.budgetBegan == nil { stages[attempt.stage]!.parts[attempt.part]!.budgetBegan = now }
    }

    mutating func finished(_ attempt: AttemptID, _ result: AttemptResult, at now: Instant) throws(Violation) {
        let part = stages[attempt.stage]!.parts[attempt.part]!
        try demand(.journal, part.attempts == attempt.number, "\(attempt.text) finished, the last was \(part.attempts)")
        try demand(.journal, part.inFlight || part.isUnknown, "\(attempt.text) finished, and was not in flight")
        let wasUnknown = part.isUnknown
        stages[attempt.stage]!.parts[attempt.part]!.inFlight = false
        end(attempt.stage, attempt.part, result, at: now)
        if wasUnknown, result.verdict == .interrupted { stages[attempt.stage]!.parts[attempt.part]!.mayRepeat = true }
        if result.verdict != .unknown { stages[attempt.stage]!.steps[attempt] = nil }
    }

    mutating func end(_ stage: StageName, _ part: Part, _ result: AttemptResult, at now: Instant) {
        stages[stage]!.parts[part]!.finishedAt = now
        stages[stage]!.parts[part]!.last = result
        switch result.verdict {
        case .succeeded: stages[stage]!.parts[part]!.succeeded = true
        case .failed, .timedOut: stages[stage]!.parts[part]!.failures += 1
        case .cancelled, .interrupted, .unknown: break
        }
    }

    // MARK: Retry

    /// I8: neither more attempts than the budget, nor one that could only begin when all time is spent.
    func scheduled(_ attempt: AttemptID, at instant: Instant, now: Instant) throws(Violation) {
        let stage = planned[attempt.stage]!
        let part = stages[attempt.stage]!.parts[attempt.part]!
        try demand(.attempts, attempt.number == part.attempts + 1, "\(attempt.text) due after \(part.attempts)")
        try demand(.attempts, part.failures < stage.retry.attempts, "\(attempt.text) due past its budget")
        if let deadline = stage.deadline, let began = part.budgetBegan {
            try demand(.attempts, instant < began + deadline, "\(attempt.text) due past its deadline")
        }
    }

    /// While nobody drove the run, what did not run used up none of its deadline. What has failed for good remains so.
    mutating func rest(until now: Instant) {
        guard let lastAt, lastAt < now else { return }
        for name in stages.keys {
            for part in Part.all where stages[name]!.parts[part]!.budgetBegan != nil {
                if stages[name]!.parts[part]!.inFlight || isExhausted(name, part) { continue }
                stages[name]!.parts[part]!.budgetBegan! = stages[name]!.parts[part]!.budgetBegan! + (now - lastAt)
            }
        }
    }

    /// Has failed, and may not be tried again.
    func isExhausted(_ name: StageName, _ part: Part) -> Bool {
        let model = stages[name]!.parts[part]!
        guard !model.inFlight, let last = model.last, last.verdict == .failed || last.verdict == .timedOut else {
            return false
        }
        let stage = planned[name]!
        if model.failures >= stage.retry.attempts || !last.retryable { return true }
        if !stage.retry.covers(verdict: last.verdict, exit: last.exit) { return true }
        guard let deadline = stage.deadline, let began = model.budgetBegan, let ended = model.finishedAt else {
            return false
        }
        let seed = "20260101-0000-test/\(name)/\(part.rawValue)"
        return ended + stage.retry.delay(before: model.failures + 1, seed: seed) >= began + deadline
    }

    // MARK: Steps

    mutating func stepStarted(_ attempt: AttemptID, _ step: String) throws(Violation) {
        try demand(.intent, inFlight.contains(attempt), "step \(step) of \(attempt.text), which is not in flight")
        let known = stages[attempt.stage]!.steps[attempt]?[step]
        try demand(.noRepetition, known == nil, "step \(step) of \(attempt.text) started twice")
        stages[attempt.stage]!.steps[attempt, default: [:]][step] = false
    }

    mutating func stepFinished(_ attempt: AttemptID, _ step: String) throws(Violation) {
        try demand(.intent, inFlight.contains(attempt), "step \(step) of \(attempt.text), which is not in flight")
        let known = stages[attempt.stage]!.steps[attempt]?[step]
        try demand(.noRepetition, known == false, "step \(step) of \(attempt.text) finished, not under way")
        stages[attempt.stage]!.steps[attempt]![step] = true
    }
}

extension Part {
    static let all = Part.allCases
}
