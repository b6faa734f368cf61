import Testing

@testable import SupervisorProtocol

@Suite("The ledger", .timeLimit(.minutes(3)))
struct LedgerTests {
    private static let command = AcceptedCommand(
        id: 3, key: "r/a stage/1/é%\n", at: 1_768_181_400_000, tag: "", killAfterMilliseconds: 10_000,
        leavesRunning: true, outputStart: 77)
    private static let process = ProcessIdentity(pid: 42, startTime: 4711)
    private static let records: [LedgerRecord] = [
        .supervisor(pid: 7, startTime: 1, bootID: "b-1"), .epoch(2), .accepted(command),
        .grouped(id: 3, path: "/sys/fs/cgroup/a b/shipit-7-1-1"), .spawned(id: 3, process: process),
        .left(id: 3, process: process),
        .ended(id: 3, fate: .exited(1), at: 5, outputEnd: 99),
    ]

    @Test(
        arguments: [
            CommandFate.exited(0), .signalled(9), .timedOut, .ended, .unknown, .notStarted(""),
            .notStarted("no such file: ./a b\n"), .notStarted("\u{301}x"), .notStarted("\u{200d}"),
        ])
    func `an end is read as it was written`(fate: CommandFate) {
        let record = LedgerRecord.ended(id: 1, fate: fate, at: 2, outputEnd: 3)
        #expect(record.line.last == UInt8(ascii: "\n"))
        #expect(LedgerRecord(line: record.line.dropLast()) == record)
    }

    @Test func `lines add up to what is known of each command`() {
        let ledger = Ledger(reading: Self.records.flatMap(\.line))
        #expect((ledger.epoch, ledger.lastID, ledger.bootID) == (2, 3, "b-1"))
        let entry = ledger.entries[Self.command.key]
        #expect(entry?.command == Self.command)
        #expect(entry?.group == "/sys/fs/cgroup/a b/shipit-7-1-1")
        #expect(ledger.groups == ["/sys/fs/cgroup/a b/shipit-7-1-1"])
        #expect(entry?.process == Self.process)
        #expect(entry?.left == [Self.process])
        #expect(entry?.end?.fate == .exited(1))
        #expect(entry?.end?.output == OutputExtent(start: 77, end: 99))
        #expect(ledger.open.isEmpty)
    }

    @Test func `from every prefix of the file only whole lines count`() {
        let bytes = Self.records.flatMap(\.line)
        var counts: [Int] = []
        for length in 0...bytes.count {
            let ledger = Ledger(reading: Array(bytes[..<length]))
            let entry = ledger.entries[Self.command.key]
            let facts: [Bool] = [
                ledger.bootID != nil, ledger.epoch == 2, entry != nil, entry?.group != nil,
                entry?.process != nil, entry?.left.isEmpty == false, entry?.end != nil,
            ]
            counts.append(facts.count { $0 })
            // What is known is always a beginning of what there was to know.
            #expect(facts == (0..<7).map { $0 < counts.last! })
        }
        #expect(counts.last == 7)
        #expect(counts == counts.sorted())
    }

    @Test func `groups of an earlier boot are no more`() {
        let later = Self.records + [.supervisor(pid: 8, startTime: 1, bootID: "b-2")]
        #expect(Ledger(reading: later.flatMap(\.line)).groups == [])
    }

    @Test func `a damaged line is as good as none`() {
        var line = LedgerRecord.ended(id: 3, fate: .exited(1), at: 5, outputEnd: 99).line
        for index in line.indices.dropLast() {
            line[index] ^= 1
            #expect(LedgerRecord(line: line.dropLast()) == nil)
            line[index] ^= 1
        }
    }

    @Test func `an end always fits the room that was reserved for it`() {
        let reason = String(repeating: "\n", count: 10_000)
        let record = LedgerRecord.ended(id: .max, fate: .notStarted(reason), at: .min, outputEnd: .min)
        #expect(record.line.count <= LedgerRecord.endedRoom)
    }
}
