import Foundation
import ShipitCore

/// Journal events as JSON: flat, `sequence`, `at` and `type` first.
enum JournalJSON {
    static func value(_ entry: JournalEntry) -> JSONValue {
        .object(
            [
                .init(key: "sequence", value: .integer(entry.sequence)),
                .init(key: "at", value: .string(entry.at.description)),
                .init(key: "type", value: .string(entry.event.type)),
            ] + fields(entry.event))
    }

    /// One event a line, each line ended.
    static func lines(_ entries: [JournalEntry]) -> String {
        entries.map { value($0).compact + "\n" }.joined()
    }

    static func array(_ entries: [JournalEntry]) -> String { JSONValue.array(entries.map(value)).pretty + "\n" }

    private static func fields(_ event: RunEvent) -> [JSONValue.Member] {
        let object: JSONValue
        do {
            object = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(event))
        } catch {
            preconditionFailure("an event is always JSON: \(error)")
        }
        guard case .object(let members) = object else { preconditionFailure("an event is always a JSON object") }
        return members.filter { $0.key != "type" }
    }
}
