import Foundation
import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `An event as JSON` {
    static let attempt = AttemptID(stage: "a", number: 2)
    static let undo = AttemptID(stage: "a", part: .undo, number: 1)
    static let finally = AttemptID(stage: "services[x]", part: .finally, number: 1)
    static let holder = Holder(host: "h", pid: 7, startTime: 8, bootID: "b", user: "ana")
    static let holderText = #"{"bootID":"b","host":"h","pid":7,"startTime":8,"user":"ana"}"#
    static let created = RunCreated(
        run: "20260101-0000-7f3k", pipeline: "deploy", environment: "production",
        release: Release(tag: "v1", version: "1", commit: "c", tagObject: "t"), planDigest: "sha256:0",
        startedBy: "ana", dryRun: true, parent: "20251231-0000-aaaa")

    static let table: [(RunEvent, String)] = [
        (
            .runCreated(created),
            #"{"dryRun":true,"environment":"production","parent":"20251231-0000-aaaa","pipeline":"deploy","#
                + #""planDigest":"sha256:0","release":{"commit":"c","tag":"v1","tagObject":"t","version":"1"},"#
                + #""run":"20260101-0000-7f3k","startedBy":"ana","type":"runCreated"}"#
        ),
        (.lockTaken(epoch: Epoch(3), holder: holder), #"{"epoch":3,"holder":\#(holderText),"type":"lockTaken"}"#),
        (.resumed(epoch: Epoch(4), holder: holder), #"{"epoch":4,"holder":\#(holderText),"type":"resumed"}"#),
        (.gateWaiting(role: "devops"), #"{"role":"devops","type":"gateWaiting"}"#),
        (.gatePassed(role: "devops", stage: nil), #"{"role":"devops","type":"gatePassed"}"#),
        (.gatePassed(role: "devops", stage: "ask"), #"{"role":"devops","stage":"ask","type":"gatePassed"}"#),
        (
            .holdStarted("ask", roles: ["devops"], until: Instant(milliseconds: 0)),
            #"{"roles":["devops"],"stage":"ask","type":"holdStarted","until":"1970-01-01T00:00:00.000Z"}"#
        ),
        (
            .holdStarted("pause", roles: [], until: Instant(milliseconds: 0)),
            #"{"stage":"pause","type":"holdStarted","until":"1970-01-01T00:00:00.000Z"}"#
        ),
        (.holdEnded("ask", refusal: nil), #"{"stage":"ask","type":"holdEnded","verdict":"succeeded"}"#),
        (
            .holdEnded("ask", refusal: "r"),
            #"{"reason":"r","stage":"ask","type":"holdEnded","verdict":"failed"}"#
        ),
        (
            .approvalGiven(
                SignOff(role: "r", person: "p", by: "u", proof: .claimed, planDigest: "sha256:0", stage: "ask")),
            #"{"by":"u","person":"p","planDigest":"sha256:0","proof":"claimed","role":"r","stage":"ask","#
                + #""type":"approvalGiven"}"#
        ),
        (
            .approvalGiven(
                SignOff(role: "r", person: "p", by: "u", proof: .sshKey, planDigest: "sha256:0", signature: "s")),
            #"{"by":"u","person":"p","planDigest":"sha256:0","proof":"ssh-key","role":"r","signature":"s","#
                + #""type":"approvalGiven"}"#
        ),
        (
            .approvalRejected(
                SignOff(role: "r", person: "p", by: "u", proof: .osUser, planDigest: "sha256:0"), why: "w"),
            #"{"by":"u","person":"p","planDigest":"sha256:0","proof":"os-user","role":"r","type":"approvalRejected","#
                + #""why":"w"}"#
        ),
        (
            .stagePreviewed(
                StagePreview(
                    stage: "a",
                    parts: [
                        .init(part: "perform", commands: ["make"]),
                        .init(part: "rollback", commands: nil, unknown: "u"),
                    ])),
            #"{"parts":[{"commands":["make"],"part":"perform"},{"part":"rollback","unknown":"u"}],"stage":"a","#
                + #""type":"stagePreviewed"}"#
        ),
        (
            .suiteAsked(
                AskedSuite(
                    stage: "a", suite: "preflight", decides: true,
                    answers: [.init(check: "Disk", standing: .notAsked, words: "w")])),
            #"{"answers":[{"check":"Disk","standing":"not-asked","words":"w"}],"decides":true,"stage":"a","#
                + #""suite":"preflight","type":"suiteAsked"}"#
        ),
        (
            .dryRunCompared(
                DryRunComparison(
                    previous: "20251231-0000-aaaa", changes: [.init(path: "p", before: nil, after: "x")])),
            #"{"changes":[{"after":"x","path":"p"}],"previous":"20251231-0000-aaaa","type":"dryRunCompared"}"#
        ),
        (.attemptStarted(attempt), #"{"attempt":2,"stage":"a","type":"attemptStarted"}"#),
        (.attemptStarted(undo), #"{"attempt":1,"stage":"a","type":"undoStarted"}"#),
        (.attemptStarted(finally), #"{"attempt":1,"stage":"services[x]","type":"finallyStarted"}"#),
        (.attemptReattached(attempt), #"{"attempt":2,"stage":"a","type":"attemptReattached"}"#),
        (.attemptReattached(undo), #"{"attempt":1,"part":"undo","stage":"a","type":"attemptReattached"}"#),
        (
            .stepStarted(attempt, step: "replica-3/restart"),
            #"{"attempt":2,"stage":"a","step":"replica-3/restart","type":"stepStarted"}"#
        ),
        (
            .stepFinished(undo, step: "s", result: "{}"),
            #"{"attempt":1,"part":"undo","result":"{}","stage":"a","step":"s","type":"stepFinished"}"#
        ),
        (
            .attemptFinished(attempt, AttemptResult(.succeeded, exit: .code(0), outputs: ["path": "x"])),
            #"{"attempt":2,"exitCode":0,"outputs":{"path":"x"},"stage":"a","type":"attemptFinished","#
                + #""verdict":"succeeded"}"#
        ),
        (
            .attemptFinished(undo, AttemptResult(.timedOut, exit: .signal(9), reason: "too slow", retryable: false)),
            #"{"attempt":1,"reason":"too slow","retryable":false,"signal":9,"stage":"a","type":"undoFinished","#
                + #""verdict":"timed-out"}"#
        ),
        (
            .attemptFinished(finally, AttemptResult(.unknown)),
            #"{"attempt":1,"stage":"services[x]","type":"finallyFinished","verdict":"unknown"}"#
        ),
        (
            .retryScheduled(attempt, at: Instant(milliseconds: 1_767_225_600_500)),
            #"{"attempt":2,"retryAt":"2026-01-01T00:00:00.500Z","stage":"a","type":"retryScheduled"}"#
        ),
        (
            .retryScheduled(undo, at: Instant(milliseconds: 0)),
            #"{"attempt":1,"part":"undo","retryAt":"1970-01-01T00:00:00.000Z","stage":"a","type":"retryScheduled"}"#
        ),
        (.stageSkipped("a", reason: "r"), #"{"reason":"r","stage":"a","type":"stageSkipped"}"#),
        (.baselineStarted, #"{"type":"baselineStarted"}"#),
        (
            .baselineTaken(
                Baseline([
                    "api": SourceBaseline([Sample(at: Instant(milliseconds: 0), kind: .good(seconds: 0.25, number: 3))])
                ]),
                lacking: "r"),
            #"{"reason":"r","sources":{"api":{"answers":1,"errors":0,"noData":0,"numbers":[3],"seconds":[0.25]}},"#
                + #""type":"baselineTaken"}"#
        ),
        (
            .controlMoved(ControlMove(rule: "r", control: "c", metric: "value", observed: 9, baseline: 3)),
            #"{"baseline":3,"control":"c","metric":"value","observed":9,"rule":"r","type":"controlMoved"}"#
        ),
        (.monitoringStarted, #"{"type":"monitoringStarted"}"#),
        (.ruleFired(rule: "r", observed: 0.21), #"{"observed":0.21,"rule":"r","type":"ruleFired"}"#),
        (.ruleCleared(rule: "r", observed: nil), #"{"rule":"r","type":"ruleCleared"}"#),
        (
            .rollbacksCounted([Instant(milliseconds: 0)]),
            #"{"rollbacks":["1970-01-01T00:00:00.000Z"],"type":"rollbacksCounted"}"#
        ),
        (.breached(Breach(rule: "r", observed: nil, isForced: true)), #"{"forced":true,"rule":"r","type":"breached"}"#),
        (.breached(Breach(rule: "r", observed: 0.5)), #"{"observed":0.5,"rule":"r","type":"breached"}"#),
        (.inconclusive(reason: "r"), #"{"reason":"r","type":"inconclusive"}"#),
        (.rollbackStarted(reason: "r"), #"{"reason":"r","type":"rollbackStarted"}"#),
        (.paused(reason: "r"), #"{"reason":"r","type":"paused"}"#),
        (.interrupted(reason: "r"), #"{"reason":"r","type":"interrupted"}"#),
        (.operatorActed(OperatorAct(.cancel, by: "ana")), #"{"act":"cancel","by":"ana","type":"operatorActed"}"#),
        (
            .operatorActed(OperatorAct(.rollback, by: "ana", why: "w")),
            #"{"act":"rollback","by":"ana","type":"operatorActed","why":"w"}"#
        ),
        (.operatorActed(OperatorAct(.abandon, by: "ana")), #"{"act":"abandon","by":"ana","type":"operatorActed"}"#),
        (
            .operatorActed(OperatorAct(.skip("a"), by: "ana")),
            #"{"act":"skip","by":"ana","stage":"a","type":"operatorActed"}"#
        ),
        (
            .operatorActed(OperatorAct(.retry("a"), by: "ana")),
            #"{"act":"retry","by":"ana","stage":"a","type":"operatorActed"}"#
        ),
        (
            .operatorActed(OperatorAct(.answer("a", .rerun), by: "ana")),
            #"{"act":"answer","answer":"rerun","by":"ana","stage":"a","type":"operatorActed"}"#
        ),
        (
            .runFinished(outcome: .rolledBack, reason: "r"),
            #"{"outcome":"rolled-back","reason":"r","type":"runFinished"}"#
        ),
        (.runFinished(outcome: .succeeded, reason: nil), #"{"outcome":"succeeded","type":"runFinished"}"#),
    ]

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test(arguments: table.indices)
    func `has these names`(row: Int) throws {
        #expect(try Self.json(Self.table[row].0) == Self.table[row].1)
    }

    @Test(arguments: table.indices)
    func `is read as it was written`(row: Int) throws {
        let (event, text) = Self.table[row]
        #expect(try JSONDecoder().decode(RunEvent.self, from: Data(text.utf8)) == event)
    }

    @Test(arguments: table.indices)
    func `has its sequence and its time beside it in a journal`(row: Int) throws {
        let entry = JournalEntry(sequence: 5, at: Instant(milliseconds: 1), event: Self.table[row].0)
        let text = try Self.json(entry)
        #expect(text.contains(#""sequence":5"#) && text.contains(#""at":"1970-01-01T00:00:00.001Z""#))
        #expect(text.contains(#""type":"\#(entry.event.type)""#))
        #expect(try JSONDecoder().decode(JournalEntry.self, from: Data(text.utf8)) == entry)
    }

    @Test(arguments: [
        "{}", #"{"type":"somethingElse"}"#, #"{"type":"attemptStarted","stage":"a"}"#,
        #"{"type":"operatorActed","act":"dance","by":"ana"}"#, #"{"type":"runFinished","outcome":"well"}"#,
        #"{"type":"retryScheduled","stage":"a","attempt":2,"retryAt":"yesterday"}"#,
    ])
    func `that cannot be understood is refused`(text: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(RunEvent.self, from: Data(text.utf8)) }
    }
}
