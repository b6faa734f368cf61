public import ShipitCore

/// Writes the checks of a pipeline as a Markdown checklist: those that were imported in the order of their document,
/// then all others.
public enum ChecklistText {
    /// What was found of a check.
    public struct Answer: Hashable, Sendable {
        public var isTicked: Bool
        /// In a line; `nil` where there is nothing to say.
        public var found: String?

        public init(isTicked: Bool, found: String? = nil) {
            self.isTicked = isTicked
            self.found = found
        }
    }

    /// With the ticks that the document had.
    public static func markdown(of pipeline: Pipeline) -> String {
        (["# \(pipeline.name)", ""] + lines(of: pipeline.suites)).joined(separator: "\n") + "\n"
    }

    /// - Parameters:
    ///   - heading: what begins a section's heading.
    ///   - answer: by suite and check; without one a box has the tick that it had in the document.
    public static func lines(
        of suites: [String: [Check]], heading: String = "##", answer: (String, Check) -> Answer? = { _, _ in nil }
    ) -> [String] {
        var text: [String] = []
        var current: String?
        for row in rows(of: suites) {
            if row.suite != current {
                if current != nil { text.append("") }
                current = row.suite
                text += ["\(heading) \(row.section)", ""]
            }
            text += lines(row.check, answer(row.suite, row.check))
        }
        return text
    }

    private struct Row {
        var suite: String
        var section: String
        var check: Check
    }

    private static func rows(of suites: [String: [Check]]) -> [Row] {
        var rows: [Row] = []
        for suite in suites.keys.sorted() {
            let checks = suites[suite] ?? []
            let section = checks.lazy.compactMap(\.imported?.section).first ?? suite
            rows += checks.map { Row(suite: suite, section: section, check: $0) }
        }
        return rows.enumerated().sorted { left, right in
            let lines = (left.element.check.imported?.line ?? .max, right.element.check.imported?.line ?? .max)
            return lines.0 != lines.1 ? lines.0 < lines.1 : left.offset < right.offset
        }.map(\.element)
    }

    private static func lines(_ check: Check, _ answer: Answer?) -> [String] {
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
        if answer != nil, let owner = check.owner, !words.contains(where: { $0.contains(owner) }) {
            words.append("- Owner: \(owner)")
        }
        if let found = answer?.found { words.append("- Found: \(found)") }
        let box = answer?.isTicked ?? origin?.isTicked == true ? "[x]" : "[ ]"
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
