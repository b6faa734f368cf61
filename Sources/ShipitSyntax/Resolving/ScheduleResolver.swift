import ShipitCore

/// Looks up the environments that `schedule:` names, and gives each of its items a name of its own.
struct ScheduleResolver {
    let reading: Reading
    let draft: Draft

    /// - Returns: the entries; incomplete where there is a mistake.
    func resolve() -> [ScheduleEntry] {
        let environments = draft.environments.map(\.name)
        var names: Set<String> = []
        return draft.schedule.compactMap { item in
            if let environment = item.environment, !environments.contains(environment.name) {
                reading.unknownWord(environment.name, "\"environment\"", environments, at: environment.place)
                return nil
            }
            if item.environment == nil, environments.count > 1 {
                reading.error(
                    "missing-key", "an item of \"schedule\" does not say to which environment", at: item.place,
                    hint: "environments: \(environments.joined(separator: ", "))")
                return nil
            }
            guard var entry = item.entry, !item.nameIsBad else { return nil }
            entry.environment = item.environment?.name ?? environments.first
            entry.name = item.name?.name ?? Self.name(of: entry)
            guard names.insert(entry.name).inserted else {
                reading.error(
                    "duplicate-name", "two items of \"schedule\" are called \"\(entry.name)\"",
                    at: item.name?.place ?? item.place, hint: "give each a name: of its own")
                return nil
            }
            return entry
        }
    }

    /// `staging-dry-run`, or `staging`: it stays the same when items are moved.
    private static func name(of entry: ScheduleEntry) -> String {
        (entry.environment ?? "default") + (entry.dryRun ? "-dry-run" : "")
    }
}
