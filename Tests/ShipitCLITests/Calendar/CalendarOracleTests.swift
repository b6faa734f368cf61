import Foundation
import ShipitCore
import Testing

@testable import ShipitCLI

/// A year of twenty zones against Python's zoneinfo and croniter (`oracle.py`).
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: Oracle.isThere))
struct CalendarOracleTests {
    /// With summer time on either half, half hours of it, none, none any more, and one that is set at midnight.
    static let zones = [
        "Africa/Cairo", "Africa/Casablanca", "America/Havana", "America/New_York", "America/Nuuk", "America/Santiago",
        "America/St_Johns", "Antarctica/Troll", "Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu", "Asia/Tokyo",
        "Atlantic/Azores", "Australia/Lord_Howe", "Australia/Sydney", "Europe/Athens", "Europe/Dublin",
        "Europe/London", "Pacific/Chatham", "UTC",
    ]
    static let expressions = [
        "0 2 * * *", "30 2 * * *", "15 0 * * *", "0,30 1-3 * * *", "45 23 * * SUN", "0 0 1,15 * MON", "*/20 2 * * *",
        "0 */3 * * *",
    ]
    private static let (start, end) = (Int64(1_767_225_600), Int64(1_798_761_600))

    @Test(arguments: zones)
    func `a year of firings is that of the oracle`(zone: String) throws {
        let rules = try #require(MachineZones().rules(of: zone))
        let answers = try Oracle.ask(Self.expressions.map { "cron \(zone) \($0)" })
        for (expression, expected) in zip(Self.expressions, answers) {
            let cron = try CronParser.cron(expression)
            var found: [Int64] = []
            var now = Instant(milliseconds: Self.start * 1000 - 1)
            while let next = cron.next(after: now, rules), next.at.milliseconds < Self.end * 1000 {
                found.append(next.at.milliseconds / 1000)
                now = next.at
            }
            #expect(!found.isEmpty)
            #expect(found == expected, "\(zone) \(expression)")
        }
    }

    @Test(arguments: zones)
    func `a year of windows is that of the oracle`(zone: String) throws {
        let rules = try #require(MachineZones().rules(of: zone))
        let spans = [(6, "Sun", 60, 150), (5, "Sat", 1380, 180), (3, "Thu", 0, 1440), (4, "Fri", 1410, 30)]
        let answers = try Oracle.ask(spans.map { "window \(zone) \($0.0) \($0.2) \($0.3)" })
        for (span, expected) in zip(spans, answers) {
            func clock(_ minute: Int) -> String { String(format: "%02d:%02d", minute / 60, minute % 60) }
            let written = "\(span.1) \(clock(span.2))-\(clock(span.3))"
            let windows = Windows(zone: zone, allow: [try WindowParser.span(written)])
            var found: [Int64] = []
            var now = Instant(milliseconds: Self.start * 1000 - 1)
            while let next = windows.standing(at: now, rules).until, next.milliseconds < Self.end * 1000 {
                found.append(next.milliseconds / 1000)
                now = next
            }
            #expect(found.count >= 104)
            #expect(found == expected, "\(zone) \(written)")
        }
    }
}

/// `oracle.py`, asked once.
private enum Oracle {
    /// The Python that has croniter: the system's, where another one comes before it.
    private static let python = ["python3", "/usr/bin/python3"].first { python in
        (try? run([python, "-c", "import zoneinfo, croniter"], input: "").status) == 0
    }

    static let isThere: Bool = {
        if ProcessInfo.processInfo.environment["SHIPIT_TEST_REQUIRE"] == "all" { return true }
        if python == nil { print("skipped: python3 with croniter is missing, which the calendars are compared with") }
        return python != nil
    }()

    static func ask(_ lines: [String]) throws -> [[Int64]] {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "oracle.py").path
        let (status, output) = try run([try #require(python), script], input: lines.joined(separator: "\n") + "\n")
        try #require(status == 0)
        let answers = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        try #require(answers.count == lines.count)
        return answers.map { $0.split(separator: " ").compactMap { Int64($0) } }
    }

    private static func run(_ arguments: [String], input: String) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        let (source, sink) = (Pipe(), Pipe())
        process.standardInput = source
        process.standardOutput = sink
        process.standardError = FileHandle.nullDevice
        try process.run()
        // Less than a pipe holds, so nobody waits for anybody.
        try source.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try source.fileHandleForWriting.close()
        let output = try sink.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
