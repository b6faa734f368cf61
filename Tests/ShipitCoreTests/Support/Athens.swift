import ShipitCore

/// Athens in 2026 and 2027: an hour forward at 03:00 on the last Sunday of March, back at 04:00 on that of October.
let athens = ZoneRules(
    name: "Europe/Athens", firstOffset: .hours(2),
    changes: [
        change("2026-03-29T01:00:00.000Z", 3), change("2026-10-25T01:00:00.000Z", 2),
        change("2027-03-28T01:00:00.000Z", 3), change("2027-10-31T01:00:00.000Z", 2),
    ])

private func change(_ at: String, _ hours: Int64) -> ZoneRules.Change {
    ZoneRules.Change(at: utc(at), offset: .hours(hours))
}

/// `2026-03-29T01:00:00.000Z`, or without seconds.
func utc(_ text: String) -> Instant {
    guard let instant = Instant(rfc3339: text.utf8.count == 16 ? text + ":00.000Z" : text) else {
        preconditionFailure("no time: \(text)")
    }
    return instant
}
