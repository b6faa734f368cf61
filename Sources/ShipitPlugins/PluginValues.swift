import ShipitCore
import ShipitEngine

/// Inputs as JSON for a request, outputs as text for the journal: durations in seconds, sizes in bytes, ratios from 0 to 1.
struct PluginValues {
    let action: PluginManifest.Action

    func inputs(_ context: ActionContext) throws(ActionError) -> [String: JSONText] {
        let defaults = ActionInputs(action.defaults)
        var inputs: [String: JSONText] = [:]
        for input in action.inputs {
            var value = try context.inputs.value(input.name)
            if value == nil { value = try defaults.value(input.name) }
            if let value {
                inputs[input.name] = try json(value, input.type, input.name, context)
            } else if input.required {
                throw .badInput(input.name, "is missing")
            }
        }
        return inputs
    }

    private func json(
        _ value: ResolvedValue, _ type: FieldType, _ name: String, _ context: ActionContext
    ) throws(ActionError) -> JSONText {
        switch (type, value) {
        case (.list, .list), (.map, _): return plain(value)
        case (.list, _): throw .badInput(name, "must be a list")
        case (_, .text(let text)): return try scalar(text, type, name, context)
        default: throw .badInput(name, "must be one value")
        }
    }

    private func scalar(
        _ text: String, _ type: FieldType, _ name: String, _ context: ActionContext
    ) throws(ActionError) -> JSONText {
        do throws(QuantityError) {
            switch type {
            case .number: return Self.number(try QuantityParser.number(text))
            case .duration: return Self.number(try QuantityParser.duration(text).seconds)
            case .size: return Self.number(try QuantityParser.size(text))
            case .ratio: return Self.number(try QuantityParser.ratio(text))
            default: break
            }
        } catch {
            throw .badInput(name, "is \"\(text)\": \(error.message)")
        }
        switch type {
        case .boolean:
            switch text {
            case "yes", "true": return .boolean(true)
            case "no", "false": return .boolean(false)
            default: throw .badInput(name, "\"\(text)\" is neither yes nor no")
            }
        case .path: return .text(text.hasPrefix("/") ? text : Plugin.join(context.root, text))
        default: return .text(text)
        }
    }

    private func plain(_ value: ResolvedValue) -> JSONText {
        switch value {
        case .text(let text): .text(text)
        case .list(let values): .list(values.map(plain))
        case .map(let values): .object(values.mapValues(plain))
        }
    }

    private static func number(_ value: Double) -> JSONText {
        if value.rounded() == value, abs(value) < 9e15 { .integer(Int64(value)) } else { .number(value) }
    }

    // MARK: Outputs

    /// What is wrong with the outputs is the plugin's fault, and another try cannot help.
    func outputs(_ given: [String: JSONText]) throws(ActionError) -> [String: String] {
        var outputs: [String: String] = [:]
        for (name, value) in given.sorted(by: { $0.key < $1.key }) {
            guard let output = action.output(name) else {
                throw .failedForGood("it gives an output \"\(name.prefix(64))\" that its manifest does not name")
            }
            guard let text = text(value, output.type) else {
                throw .failedForGood("its output \"\(name)\" is not of the type that its manifest says")
            }
            outputs[name] = text
        }
        return outputs
    }

    private func text(_ value: JSONText, _ type: FieldType) -> String? {
        switch (type, value) {
        case (.number, _), (.duration, _), (.size, _), (.ratio, _):
            guard let number = value.double, number.isFinite else { return nil }
            return value.bytes.map { String(decoding: $0, as: UTF8.self) }
        case (.boolean, .boolean(let flag)): return flag ? "true" : "false"
        case (.list, .list), (.map, .object): return value.bytes.map { String(decoding: $0, as: UTF8.self) }
        case (.boolean, _), (.list, _), (.map, _): return nil
        default: return value.text
        }
    }

    /// Outputs as the plugin gave them.
    func given(_ outputs: [String: String]) -> [String: JSONText] {
        var given: [String: JSONText] = [:]
        for (name, text) in outputs {
            switch action.output(name)?.type {
            case .number, .duration, .size, .ratio, .boolean, .list, .map:
                given[name] = JSONText(parsing: text.utf8) ?? .text(text)
            default: given[name] = .text(text)
            }
        }
        return given
    }
}
