import ShipitCore

/// Two zones, so that these tests stand apart from the machine's data.
struct TestZones: ZoneSource {
    var names: [String] { ["UTC", "Europe/Athens"] }

    func rules(of zone: String) -> ZoneRules? {
        zone == "Europe/Athens" ? ZoneRules(name: zone, firstOffset: .hours(2)) : OnlyUTC().rules(of: zone)
    }
}
