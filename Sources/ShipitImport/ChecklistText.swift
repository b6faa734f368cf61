public import ShipitCore

/// Writes the checks of a pipeline as a Markdown checklist: those that were imported in the order of their document,
/// then all others.
public enum ChecklistText {
    public static func markdown(of pipeline: Pipeline) -> String {
        var text = ["# \(pipeline.name)"]
        var current: String?
        for row in rows(of: pipeline) {
            if row.suite != current {
                current = row.suite
                text += ["", "## \(row.section)", ""]
            }
            text += lines(row.check)
        }
        return text.joined(separator: "\n") + "\n"
    }

    private struct Row {
        var suite: String
        var section: String
        var check: Check
    }

    private static func rows(of pipeline: Pipeline) -> [Row] {
        var rows: [Row] = []
        for suite in pipeline.suites.keys.sorted() {
            let checks = pipeline.suites[suite] ?? []
            let section = checks.lazy.compactMap(\.imported?.section).first ?? suite
            rows += checks.map { Row(suite: suite, section: section, check: $0) }
        }
        return rows.enumerated().sorted { left, right in
            let lines = (left.element.check.imported?.line ?? .max, right.element.check.imported?.line ?? .max)
            return lines.0 != lines.1 ? lines.0 < lines.1 : left.offset < right.offset
        }.map(\.element)
    }

    private static func lines(_ check: Check) -> [String] {
        let origin = check.imported
        let pad = String(repeating: "  ", count: (origin?.level ?? 1) - 1)
        var words = [origin?.text ?? check.name]
        if check.probe.probe == "manual", case .text(let template) = check.probe.subject, let text = template.literal {
            words = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        } else {
            words +=
                origin?.notes.map { $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) } ?? []
            words.append("- Judged by: \(judge(check.probe))")
        }
        let box = origin?.isTicked == true ? "[x]" : "[ ]"
        let first = "\(pad)- \(box) \(words[0])"
        return [first] + words.dropFirst().map { $0.isEmpty ? "" : "\(pad)  \($0)" }
    }

    private static func judge(_ probe: ProbeRequest) -> String {
        let fields = probe.fields.keys.sorted().map { "\($0) \(words(probe.fields[$0]!))" }
        return ([probe.probe + " " + words(probe.subject)] + fields).joined(separator: ", ")
    }

    private static func words(_ value: InputValue) -> String {
        switch value {
        case .text(let template):
            template.parts.map { part in
                switch part {
                case .text(let text): text
                case .reference(let reference, _): "${{ \(reference) }}"
                }
            }.joined()
        case .list(let values): values.map(words).joined(separator: " ")
        case .map(let values): values.keys.sorted().map { "\($0): \(words(values[$0]!))" }.joined(separator: ", ")
        }
    }
}
