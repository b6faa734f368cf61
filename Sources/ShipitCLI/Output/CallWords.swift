import ShipitCore

/// An action call as a person reads it, references left as they were written.
enum CallWords {
    /// A script's lines, an argv as a shell would take it, or the action with its inputs.
    static func lines(_ call: ActionCall) -> [String] {
        if call.action == "run" {
            if case .text(let script)? = call.inputs["script"] { return split(text(script)) }
            if case .list(let words)? = call.inputs["argv"] { return [ShellWord.line(words.map(value))] }
        }
        if call.action == "checks", case .text(let suite)? = call.inputs["suite"] { return ["checks \(text(suite))"] }
        let inputs = call.inputs.keys.sorted().map { "\($0)=\(ShellWord.quoted(value(call.inputs[$0]!)))" }
        return [SafeText.line(([call.action] + inputs).joined(separator: " "))]
    }

    /// Each line of a text made safe; empty ones at its ends are left out.
    static func split(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { SafeText.line(String($0)) }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return Array(lines.drop { $0.isEmpty })
    }

    static func value(_ value: InputValue) -> String {
        switch value {
        case .text(let template): text(template)
        case .list(let values): "[" + values.map(self.value).joined(separator: ", ") + "]"
        case .map(let values):
            "{"
                + values.sorted { $0.key < $1.key }.map { "\($0.key): \(self.value($0.value))" }
                .joined(separator: ", ") + "}"
        }
    }

    static func text(_ template: Template) -> String { template.written }
}
