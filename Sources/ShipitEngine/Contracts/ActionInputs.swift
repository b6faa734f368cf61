public import ShipitCore

/// The inputs of an action: everything substituted but `instance.*`, which the action itself knows.
public struct ActionInputs: Sendable, Hashable {
    private var values: [String: InputValue]

    public init(_ values: [String: InputValue]) { self.values = values }

    public var names: [String] { values.keys.sorted() }

    /// The value of an input, with `instance` filled in; `nil` when it is not given.
    public func value(_ name: String, instance: [String: String] = [:]) throws(ActionError) -> ResolvedValue? {
        guard let value = values[name] else { return nil }
        return try Self.resolve(value, instance: instance, input: name)
    }

    public func text(_ name: String, instance: [String: String] = [:]) throws(ActionError) -> String? {
        guard let value = try value(name, instance: instance) else { return nil }
        guard let text = value.text else { throw .badInput(name, "must be one value") }
        return text
    }

    public func requiredText(_ name: String) throws(ActionError) -> String {
        guard let text = try text(name), !text.isEmpty else { throw .badInput(name, "is missing") }
        return text
    }

    public func number(_ name: String) throws(ActionError) -> Int? {
        guard let text = try text(name) else { return nil }
        guard let number = Int(text) else { throw .badInput(name, "\"\(text)\" is not a whole number") }
        return number
    }

    /// `true`, `yes`, `false`, `no`.
    public func boolean(_ name: String) throws(ActionError) -> Bool? {
        guard let text = try text(name) else { return nil }
        switch text {
        case "true", "yes": return true
        case "false", "no": return false
        default: throw .badInput(name, "\"\(text)\" is neither true nor false")
        }
    }

    private static func resolve(
        _ value: InputValue, instance: [String: String], input: String
    ) throws(ActionError) -> ResolvedValue {
        switch value {
        case .text(let template):
            var text = ""
            for part in template.parts {
                switch part {
                case .text(let piece): text += piece
                case .reference(.instance(let field), let fallback):
                    guard let known = instance[field] ?? fallback else {
                        throw .badInput(input, "instance.\(field) is not known here")
                    }
                    text += known
                case .reference(let reference, _):
                    throw .badInput(input, "\(reference) is not known here")
                }
            }
            return .text(text)
        case .list(let values):
            var resolved: [ResolvedValue] = []
            for value in values { resolved.append(try resolve(value, instance: instance, input: input)) }
            return .list(resolved)
        case .map(let values):
            var resolved: [String: ResolvedValue] = [:]
            for (key, value) in values { resolved[key] = try resolve(value, instance: instance, input: input) }
            return .map(resolved)
        }
    }
}
