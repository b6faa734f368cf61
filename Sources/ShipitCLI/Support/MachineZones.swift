import Foundation
import ShipitCore

/// The time zones as this machine's Foundation knows them.
struct MachineZones: ZoneSource {
    /// Nobody deploys later than that by these rules.
    private static let end = Date(timeIntervalSince1970: 4_133_980_800)

    /// Names of places (`Europe/Athens`) and `UTC`. What else Foundation takes misleads: abbreviations such as `EST` know no
    /// summer time, `GMT+5` is read as what `Etc/GMT+5` is not.
    func rules(of name: String) -> ZoneRules? {
        if name == "UTC" { return .utc }
        guard name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
        var changes: [ZoneRules.Change] = []
        let start = Date(timeIntervalSince1970: 0)
        var date = start
        while let next = zone.nextDaylightSavingTimeTransition(after: date), next > date, next < Self.end {
            changes.append(
                ZoneRules.Change(
                    at: Instant(milliseconds: Int64(next.timeIntervalSince1970) * 1000), offset: offset(zone, next)))
            date = next
        }
        return ZoneRules(name: name, firstOffset: offset(zone, start), changes: changes)
    }

    var names: [String] { TimeZone.knownTimeZoneIdentifiers.filter { $0.contains("/") } + ["UTC"] }

    private func offset(_ zone: TimeZone, _ date: Date) -> TimeSpan { .seconds(Int64(zone.secondsFromGMT(for: date))) }
}
