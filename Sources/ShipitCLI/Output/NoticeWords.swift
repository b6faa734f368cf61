import ShipitCore
import ShipitEngine

/// Who is told of what, and what has become of it.
enum NoticeWords {
    // MARK: A plan

    /// For `plan`; empty where nobody is told.
    static func plan(_ plan: Plan) -> String {
        guard let entries = plan.notify else { return "" }
        var table = Table(indent: "  ")
        for (place, entry) in entries.enumerated() {
            table.add("\(place + 1). \(entry.call.action)", entry.moments.map(\.rawValue).joined(separator: ", "))
            for line in inputs(entry.call) { table.add("", line) }
        }
        return "told:\n" + table.text
    }

    /// As they were written: secrets stay references.
    private static func inputs(_ call: ActionCall) -> [String] {
        call.inputs.keys.sorted().map { SafeText.line("\($0): \(CallWords.value(call.inputs[$0]!))") }
    }

    static func json(_ plan: Plan) -> JSONValue {
        .array(
            (plan.notify ?? []).map { entry in
                .members([
                    "on": .array(entry.moments.map { .string($0.rawValue) }), "action": .string(entry.call.action),
                    "inputs": .map(entry.call.inputs.mapValues(CallWords.value)),
                ])
            })
    }

    // MARK: A run

    /// Those that have not been delivered, a line each; empty where all have.
    static func lines(_ view: RunView) -> [String] {
        (view.notices ?? []).filter { $0.state != .delivered }.map { line($0, view.state.plan) }
    }

    private static func line(_ message: OutboxNotice, _ plan: Plan) -> String {
        let what = "\(action(message, plan)) of \(moment(message))"
        let trouble = message.trouble.map { ": \($0)" } ?? ""
        let tries = Words.count(message.tries, "try", "tries")
        switch message.state {
        case .delivered: return SafeText.joined("told: \(what)")
        case .undelivered: return SafeText.joined("not told: \(what), given up after \(tries)\(trouble)")
        case .open where message.tries == 0: return SafeText.joined("to be told: \(what)")
        case .open:
            return SafeText.joined(
                "not told yet: \(what), \(tries), next at \(Words.minute(message.nextTry)) UTC\(trouble)")
        }
    }

    private static func action(_ message: OutboxNotice, _ plan: Plan) -> String {
        plan.call(of: message.notice)?.action ?? message.notice.source.name
    }

    private static func moment(_ message: OutboxNotice) -> String {
        if case .stage(let name) = message.notice.source { return "stage \(name)" }
        return message.notice.moment.rawValue
    }

    /// `nil` where nobody is told of the run.
    static func json(_ view: RunView) -> JSONValue? {
        guard let notices = view.notices, !notices.isEmpty else { return nil }
        return .array(
            notices.map { message in
                let stage: String? = if case .stage(let name) = message.notice.source { name.text } else { nil }
                return .members([
                    "key": .string(message.key), "moment": .string(message.notice.moment.rawValue),
                    "stage": .text(stage), "action": .string(action(message, view.state.plan)),
                    "state": .string(word(message.state)), "at": .string(message.at.description),
                    "tries": .integer(Int64(message.tries)),
                    "nextTry": message.state == .open ? .string(message.nextTry.description) : .null,
                    "reason": .text(message.trouble),
                ])
            })
    }

    private static func word(_ state: OutboxNotice.State) -> String {
        switch state {
        case .open: "pending"
        case .delivered: "delivered"
        case .undelivered: "undelivered"
        }
    }
}
