public import ShipitCore
public import ShipitEngine

/// `migrate`: applies what is pending, and believes it only when the status says that nothing is pending any more.
public struct MigrateAction: TellsPending {
    public init() {}

    public let description = ActionDescription(
        name: "migrate", help: "Apply pending migrations and prove that none is left.",
        inputs: [
            FieldDescription(
                "status", .command, required: true,
                help: "Prints a line for each pending migration, and nothing when all are applied."),
            FieldDescription(
                "pending", .textOrPattern, help: "Which lines of the status mean a pending migration; all by default."),
            FieldDescription("apply", .command, required: true, help: "Applies what is pending."),
            FieldDescription(
                "revert", .command, help: "Goes back to the schema of SHIPIT_TARGET_VERSION (SHIPIT_TARGET_TREE)."),
        ], outputs: ["applied", "names"], undo: .performs, undoInput: "revert")

    public func preview(_ context: ActionContext) async throws(ActionError) -> [String] {
        if context.attempt.part == .undo { return [context.line(try context.requiredCommand("revert"))] }
        let order = try Order(context)
        return [
            "what is pending: \(context.line(order.status))", "if anything is: \(context.line(order.apply))",
            "nothing may be pending then: \(context.line(order.status))",
        ]
    }

    public func pending(_ context: ActionContext) async throws(ActionError) -> [String] {
        try await Self.ask(try Order(context), context, step: "pending")
    }

    public func perform(_ context: ActionContext) async throws(ActionError) -> [String: String] {
        let order = try Order(context)
        let pending = try await pending(order, context, step: "status")
        guard !pending.isEmpty else {
            context.services.note("nothing is pending")
            return Self.outputs([])
        }
        context.services.note("pending: \(pending.joined(separator: ", "))")
        _ = try await context.services.step("apply") { () async throws(ActionError) in
            try await context.succeed(order.apply, step: "apply")
            return ""
        }
        let left = try await self.pending(order, context, step: "status-after")
        guard left.isEmpty else {
            throw .failed("still pending after it was applied: \(left.joined(separator: ", "))")
        }
        return Self.outputs(pending)
    }

    public func verify(_ context: ActionContext) async throws(ActionError) -> Verification {
        let order = try Order(context)
        let pending = try await Self.ask(order, context, step: "verify")
        // What it applied is not known any more; that everything is applied is.
        return pending.isEmpty ? .done(outputs: context.outputs) : .notDone
    }

    public func undo(_ context: ActionContext) async throws(ActionError) {
        let order = try Order(context)
        guard let revert = order.revert else {
            throw .failedForGood("there is no way back: this migration has no `revert`")
        }
        // Undoing a first deployment, SHIPIT_TARGET_VERSION is empty: the author's command knows what was before it.
        _ = try await context.services.step("revert") { () async throws(ActionError) in
            try await context.succeed(revert, step: "revert")
            return ""
        }
    }

    private static func outputs(_ names: [String]) -> [String: String] {
        ["applied": String(names.count), "names": names.joined(separator: ",")]
    }

    /// The pending migrations, as a durable step: a re-entered attempt goes on with the answer of then.
    private func pending(_ order: Order, _ context: ActionContext, step: String) async throws(ActionError) -> [String] {
        let text = try await context.services.step(step) { () async throws(ActionError) in
            try await Self.ask(order, context, step: step).joined(separator: "\n")
        }
        return text.isEmpty ? [] : text.split(separator: "\n").map(String.init)
    }

    private static func ask(
        _ order: Order, _ context: ActionContext, step: String
    ) async throws(ActionError) -> [String] {
        try await context.succeed(order.status, step: step)
        let output = try await context.services.output(step: step, limit: 1 << 20)
        guard !output.truncated else { throw .failedForGood("the status printed more than can be read") }
        return order.pending(in: String(decoding: output.standardOutput, as: UTF8.self))
    }

    private struct Order: Sendable {
        var status: Command
        var apply: Command
        var revert: Command?
        private var pattern: PendingPattern

        init(_ context: ActionContext) throws(ActionError) {
            status = try context.requiredCommand("status")
            apply = try context.requiredCommand("apply")
            revert = try context.command("revert")
            pattern = try PendingPattern(try context.inputs.text("pending"))
        }

        func pending(in text: String) -> [String] { pattern.lines(of: text) }
    }
}

/// Which lines of a status mean a pending migration.
struct PendingPattern: Sendable, Hashable {
    private enum Kind: Hashable {
        case all
        case containing(String)
        // Built anew at each use: a compiled `Regex` is not Sendable.
        case matching(String)
    }

    private let kind: Kind

    init(_ written: String?) throws(ActionError) {
        guard let written else {
            kind = .all
            return
        }
        guard written.count >= 2, written.hasPrefix("/"), written.hasSuffix("/") else {
            guard !written.isEmpty else { throw .badInput("pending", "is empty") }
            kind = .containing(written)
            return
        }
        let source = String(written.dropFirst().dropLast())
        do { _ = try Regex<AnyRegexOutput>(source) } catch {
            throw .badInput("pending", "\(written) is not a regular expression: \(error)")
        }
        kind = .matching(source)
    }

    func lines(of text: String) -> [String] {
        let lines = text.split(whereSeparator: \.isNewline).map(\.trimmingSpaces).filter { !$0.isEmpty }
        switch kind {
        case .all: return lines
        case .containing(let words): return lines.filter { $0.contains(words) }
        case .matching(let source):
            guard let regex = try? Regex<AnyRegexOutput>(source) else {
                preconditionFailure("the initializer has compiled this expression")
            }
            return lines.filter { $0.firstMatch(of: regex) != nil }
        }
    }
}
