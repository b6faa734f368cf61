import ShipitCore

/// How often everything that is meant to happen did.
package struct Coverage: Sendable {
    package enum Occasion: Int, CaseIterable, Sendable {
        case events, turns, effects, commands
        // What breaks.
        case enginesKilled, supervisorsKilled, powerCuts, crashesInAppend, crashesBeforeEffects
        case enginesStalled, takeovers, appendsFenced, commandsFenced
        case appendsLost, appendsUnsynced, appendsDurableThoughFailed, diskFull, tailsCut, recordsCut
        case clockForward, clockBack
        // What is measured.
        case samplesGood, samplesBad, samplesNone, samplesNonsense, samplesLate, samplesMissing
        case rulesFired, rulesCleared, breaches, inconclusive
        case baselinesStarted, baselinesTaken, baselinesLacking, controlsMoved
        case rehearsalsForced, rehearsalsPassed, budgetsSpent, wentOnInSpite
        // What people do.
        case cancels, rollbacksAsked, abandons, supersessions, skips, retriesAsked, answersDone, answersFailed,
            answersRerun
        case refusals, interrupts, secondInterrupts
        case signOffs, signOffsRefused, rejections, gatesPassed, begunSigned, signOffsExpired
        // Stages that only wait.
        case holdsForPeople, holdsForTime, holdsSigned, holdsOver, holdsRejected, holdsExpired, holdsCutOff
        case holdsTold
        case wordsToEngines, wordsToNobody, enginesLeftForPeople
        // What attempts come to.
        case attemptsSucceeded, attemptsFailed, attemptsTimedOut, attemptsCancelled, attemptsInterrupted,
            attemptsUnknown
        case retriesScheduled, deadlinesSpent, stepsStarted, stepsFinished, stepsGivenBack, stepsReattached
        case reentries, reentriesInDoubt, verifiedDone, verifiedNotDone, verifiedUnknown
        // What runs come to.
        case stagesSkipped, rollbacks, undos, finallys, rollbackChecks, rollbackChecksFailed, leftPastReturn, paused,
            runsInterrupted
        case runsSucceeded, runsRolledBack, rollbacksFailed, runsFailed, runsRefused, runsCancelled, runsSuperseded
    }

    private var counts = [Int](repeating: 0, count: Occasion.allCases.count)
    package var runs = 0

    package init() {}

    package subscript(occasion: Occasion) -> Int { counts[occasion.rawValue] }

    mutating func count(_ occasion: Occasion) { counts[occasion.rawValue] += 1 }

    mutating func add(_ other: Coverage) {
        runs += other.runs
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    /// What never happened: the simulator has grown blind to it.
    package var missing: [Occasion] { Occasion.allCases.filter { self[$0] == 0 } }

    package var table: String {
        var lines: [String] = []
        var line = ""
        for occasion in Occasion.allCases {
            let word = "\(Self.words("\(occasion)")) \(self[occasion])"
            if line.count + word.count > 118 {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "  " : ", ") + word
        }
        return (lines + [line]).joined(separator: "\n")
    }

    /// `tailsCut` → `tails cut`.
    private static func words(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? " " + $1.lowercased() : String($1) }
    }
}

extension Coverage {
    mutating func count(_ verdict: Verdict) {
        switch verdict {
        case .succeeded: count(.attemptsSucceeded)
        case .failed: count(.attemptsFailed)
        case .timedOut: count(.attemptsTimedOut)
        case .cancelled: count(.attemptsCancelled)
        case .interrupted: count(.attemptsInterrupted)
        case .unknown: count(.attemptsUnknown)
        }
    }

    mutating func count(_ outcome: Outcome) {
        switch outcome {
        case .succeeded: count(.runsSucceeded)
        case .rolledBack: count(.runsRolledBack)
        case .rollbackFailed: count(.rollbacksFailed)
        case .failed: count(.runsFailed)
        case .refused: count(.runsRefused)
        case .cancelled: count(.runsCancelled)
        case .superseded: count(.runsSuperseded)
        }
    }

    mutating func count(_ act: OperatorAct) {
        switch act.kind {
        // Between the lock and the one who has it; the course of a run doesn't depend on it.
        case .unlock: break
        case .supersede: count(.supersessions)
        case .cancel: count(.cancels)
        case .rollback: count(.rollbacksAsked)
        case .abandon: count(.abandons)
        case .skip: count(.skips)
        case .retry: count(.retriesAsked)
        case .answer(_, .done): count(.answersDone)
        case .answer(_, .failed): count(.answersFailed)
        case .answer(_, .rerun): count(.answersRerun)
        }
    }

    mutating func count(_ event: RunEvent) {
        count(.events)
        switch event {
        case .attemptStarted(let attempt):
            if attempt.part == .undo { count(.undos) }
            if attempt.part == .finally { count(.finallys) }
            if attempt.part == .rollbackCheck { count(.rollbackChecks) }
        case .attemptFinished(let attempt, let result):
            count(result.verdict)
            if attempt.part == .rollbackCheck, result.verdict == .failed { count(.rollbackChecksFailed) }
        case .retryScheduled: count(.retriesScheduled)
        case .stepStarted: count(.stepsStarted)
        case .stepFinished: count(.stepsFinished)
        case .stageSkipped: count(.stagesSkipped)
        case .ruleFired: count(.rulesFired)
        case .ruleCleared: count(.rulesCleared)
        case .breached(let breach): count(breach.isForced ? .rehearsalsForced : .breaches)
        case .inconclusive: count(.inconclusive)
        case .baselineStarted: count(.baselinesStarted)
        case .baselineTaken(_, let lacking): count(lacking == nil ? .baselinesTaken : .baselinesLacking)
        case .controlMoved: count(.controlsMoved)
        case .rollbackStarted: count(.rollbacks)
        case .operatorActed(let act): count(act)
        case .paused: count(.paused)
        case .interrupted: count(.runsInterrupted)
        case .runFinished(let outcome, _): count(outcome)
        case .runCreated, .lockTaken, .attemptReattached, .monitoringStarted, .resumed, .rollbacksCounted: break
        case .approvalGiven: count(.signOffs)
        case .approvalRejected: count(.rejections)
        case .gatePassed: count(.gatesPassed)
        case .gateWaiting, .stagePreviewed, .suiteAsked, .dryRunCompared: break
        case .holdStarted(_, let roles, _): count(roles.isEmpty ? .holdsForTime : .holdsForPeople)
        case .holdEnded(_, let refusal?): count(refusal.contains("rejected by") ? .holdsRejected : .holdsExpired)
        case .holdEnded(_, nil): break
        }
    }
}
