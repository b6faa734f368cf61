import ShipitCore
import ShipitEngine

extension NoticeFacts {
    /// What a plugin is told that is to tell somebody.
    func json(pipeline: String) -> JSONText {
        .object([
            "moment": .text(moment.rawValue), "at": .text(at.description), "pipeline": .text(pipeline),
            "startedBy": .text(startedBy), "dryRun": .boolean(dryRun),
            "outcome": outcome.map { .text($0.rawValue) } ?? .null, "reason": reason.map(JSONText.text) ?? .null,
        ])
    }
}
