import ShipitCore

/// `plan TAG --diff RUN --output json`.
enum PlanDiffJSON {
    static func value(_ diff: PlanDiff, run: RunID, before: String, after: String) -> JSONValue {
        .members([
            "equal": .bool(diff.changes.isEmpty), "run": .string(run.text), "runPlanDigest": .string(before),
            "planDigest": .string(after), "changes": .array(diff.changes.map(change)),
        ])
    }

    private static func change(_ change: PlanDiff.Change) -> JSONValue {
        .members([
            "path": .string(change.path), "before": change.before.map(value) ?? .null,
            "after": change.after.map(value) ?? .null,
        ])
    }

    private static func value(_ tree: PlanTree) -> JSONValue {
        switch tree {
        case .text(let text): .string(text)
        case .list(let values): .array(values.map(value))
        case .map(let members):
            .object(members.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: value($0.value)) })
        case .named(let parts): .object(parts.map { .init(key: $0.name, value: value($0.value)) })
        }
    }
}
