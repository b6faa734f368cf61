import ShipitCore
import ShipitImport

extension RunReport {
    /// Whether the pipeline was imported from a checklist.
    var hasChecklist: Bool { view.state.plan.suites.values.contains { $0.contains { $0.imported != nil } } }

    /// The checklist that the pipeline was imported from, ticked by what this run found.
    ///
    /// The items are the author's Markdown, as in their document; what was found is not theirs.
    /// - Parameter found: makes what was found fit for where it will stand.
    func checklist(_ found: (String) -> String = { $0 }) -> [String] {
        ChecklistText.lines(of: view.state.plan.suites, heading: "###") { answer(to: $1, of: $0, found) }
            .map(SafeText.line)
    }

    /// A tick is of its day: what this run did not find is not ticked.
    private func answer(
        to check: Check, of suite: String, _ found: (String) -> String
    ) -> ChecklistText.Answer {
        let answers = evidence.filter { $0.suite == suite }.flatMap(\.answers)
        guard let answer = answers.last(where: { $0.check.name == check.name }), answer.mark != .none else {
            return ChecklistText.Answer(isTicked: false)
        }
        let verdict = answer.passed ? "" : "\(answer.mark.rawValue): "
        return ChecklistText.Answer(isTicked: answer.passed, found: found(SafeText.line(verdict + answer.words)))
    }
}
