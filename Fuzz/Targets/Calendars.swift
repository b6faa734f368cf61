import ShipitCore

/// Windows are written as they are read, and open when they say so; a cron expression runs later than now, at a time that it
/// names.
@Sendable func checkCalendar(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    // The bytes also choose the moment.
    let seconds = bytes.prefix(4).reduce(Int64(1_700_000_000)) { ($0 &* 31 &+ Int64($1)) % 4_000_000_000 }
    let now = Instant(milliseconds: seconds * 1000)
    do {
        let closure = try WindowParser.closure(text)
        try expectKept(closure)
        if case .weekly(let span) = closure {
            try expectKept(span)
            try checkOpening(Windows(zone: "UTC", allow: [span]), now)
        }
        try checkOpening(
            Windows(zone: "UTC", allow: [WeeklySpan(days: [.monday], start: 0, length: 1440)], deny: [closure]), now)
    } catch let problem as WindowParser.Problem {
        _ = (problem.message, problem.hint)
    }
    do {
        let cron = try CronParser.cron(text)
        let next = cron.next(after: now, clocks)
        guard let next else { throw Finding(description: "\"\(text)\" never runs") }
        try expect(next.at > now, "\"\(text)\" runs at \(next.at), which is not after \(now)")
        try expect(cron.text.split(separator: " ").count == 5, "\"\(text)\" is \"\(cron.text)\"")
        // Once more by its own words.
        try expect(try CronParser.cron(cron.text) == cron, "\"\(text)\" is \"\(cron.text)\"")
    } catch let problem as CronParser.Problem {
        _ = (problem.message, problem.hint)
        try expect((0...text.count).contains(problem.offset), "\(problem) is not in \"\(text)\"")
    }
}

private func checkOpening(_ windows: Windows, _ now: Instant) throws {
    guard let opening = windows.opening(from: now, clocks) else { return }
    try expect(windows.standing(at: opening, clocks).isOpen, "\(windows) is closed when it opens, at \(opening)")
    try expect(opening >= now, "\(windows) opens before now")
    let end = windows.standing(at: opening, clocks).until
    if let end { try expect(!windows.standing(at: end, clocks).isOpen, "\(windows) is open when it closes, at \(end)") }
}

/// Clocks that are set oddly, and on days that only this knows.
private let clocks = ZoneRules(
    name: "Fuzz/Clocks", firstOffset: .hours(2),
    changes: (0..<200).map { number in
        ZoneRules.Change(
            at: Instant(milliseconds: 1_600_000_000_000 + number * 13_000_000_000),
            offset: .minutes(number % 2 == 0 ? 150 : 95))
    })
